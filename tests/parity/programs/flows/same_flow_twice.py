from headrace import flow, task

calls = []


@task
def t():
    calls.append(1)


@flow
def child():
    t()


@flow
def parent():
    child()
    child()
    t()


parent()
print(len(calls))
