from headrace import flow, task
from headrace.runtime import flow_run


@task
def inc(x):
    return x + 1


@flow(name="child")
def child(x):
    print(flow_run.flow_name, flow_run.parameters)
    return inc(x)


@flow(name="parent")
def parent(n):
    total = 0
    for i in range(n):
        total += child(i)
    print(flow_run.flow_name)
    return total


print(parent(3))
