from headrace import flow, task


@task
def number(n):
    return n


@task
def add(a, b):
    return a + b


@flow
def main():
    firsts = number.map([1, 2, 3])
    print(add.map(firsts, [10, 20, 30]).result())
    print(add.map(firsts.result(), 100).result())
    listed = number.submit([7, 8])
    print(add.map(listed, 1).result())
    states = number.map([4, 5], return_state=True)
    print(add.map(states, 1).result())


main()
