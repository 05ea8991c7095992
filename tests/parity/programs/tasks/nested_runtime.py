from headrace import flow, task
from headrace.runtime import flow_run, task_run


@task
def inner():
    return task_run.task_name, flow_run.flow_name


@flow
def sub():
    return flow_run.flow_name, task_run.task_name, inner()


@task
def outer():
    before = task_run.task_name
    a = inner()
    b = sub()
    c = inner.submit().result()
    return before, a, b, c, task_run.task_name


@flow
def main():
    return outer()


print(main())
