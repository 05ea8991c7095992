from headrace import flow, task


@task
def inner(x):
    return x + 1


@task
def outer(x):
    return inner(x) * 10


@task
def submits(x):
    return inner.submit(x).result() * 100


@flow
def main():
    print(outer(1))
    print(submits(1))
    print(outer.submit(2).result())


main()
