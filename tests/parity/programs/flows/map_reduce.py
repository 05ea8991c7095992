from headrace import flow, task, unmapped


@task
def scale(x, factor):
    return x * factor


@task
def total(values):
    return sum(values)


@flow
def main(n: int = 4):
    scaled = scale.map(range(n), factor=unmapped(3))
    return total(scaled)


print(main(), main(n=2))
