from headrace import flow, task


@task
def one():
    return 1


@task
def add(a, b):
    return a + b


@flow
def main():
    state = one(return_state=True)
    print(add(state, 2))
    print(add.submit(state, one.submit()).result())


main()
