from headrace import flow, task

order = []


@task
def first():
    order.append("first")


@task
def second():
    order.append("second")


@flow
def main():
    a = first.submit()
    b = second.submit(wait_for=[a])
    b.wait()
    print(order)
    second(wait_for=[a])
    print(order)


main()
