from headrace import flow, task


@task
def make():
    return 41


@flow
def child(x: int):
    return x + 1


@flow
def parent():
    return child(make.submit())


print(parent())
