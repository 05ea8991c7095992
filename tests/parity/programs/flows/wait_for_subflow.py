from headrace import flow, task

order = []


@task
def first():
    order.append("task")


@flow
def child():
    order.append("child")


@flow
def parent():
    future = first.submit()
    child(wait_for=[future])
    print(order)


parent()
