from headrace import flow, task


@task
def square(x: int) -> int:
    return x**2


@flow
def main(limit: int) -> dict[int, int]:
    return {n: square(n) for n in range(limit)}


print(main(4))
