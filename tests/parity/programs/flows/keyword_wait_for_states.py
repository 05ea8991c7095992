from headrace import flow, task


@task
def step(n):
    print("step", n)
    return n


@flow
def child(n):
    print("child", n)
    return n


@flow
def main():
    a = step.submit(1)
    b = child(2, wait_for=[a])
    c = step(3, wait_for=[a, step(9, return_state=True)])
    state = child(4, wait_for=a, return_state=True)
    return b, c, state.name


print(main())
