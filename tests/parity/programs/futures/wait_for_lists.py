from headrace import flow, task

order = []


@task
def step(name):
    order.append(name)
    return name


@task
def fail():
    raise ValueError("x")


@flow
def main():
    first = step.map(["a", "b"])
    last = step.submit("last", wait_for=[first])
    last.wait()
    print(sorted(order[:2]), order[2:])
    state = step(name="direct", wait_for=[last, first], return_state=True)
    print(state.name)
    blocked = step.submit("never", wait_for=[[fail.submit()], last])
    blocked.wait()
    print(blocked.state.name, blocked.state.type.value, order[2:])
    mapped = step.map(["m1", "m2"], wait_for=last)
    print(mapped.result())


state = main(return_state=True)
print(state.name)
