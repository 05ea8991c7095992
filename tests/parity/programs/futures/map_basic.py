from headrace import flow, task, unmapped


@task
def add(a, b):
    return a + b


@flow
def main():
    print(add.map([1, 2, 3], 10).result())
    print(add.map([1, 2, 3], [10, 20, 30]).result())
    print(add.map([[1], [2]], unmapped([9])).result())
    print([f.result() for f in add.map(range(3), b=unmapped(5))])
    print(add.map(a=(1, 2), b=3).result())


main()
