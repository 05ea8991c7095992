from headrace import flow, task
from headrace.states import Cancelled, Completed, Crashed


@flow
def one():
    return [Completed(), Completed(message="x")]


@flow
def two():
    return [Completed(), Crashed(message="c")]


@flow
def three():
    return (Completed(), Cancelled())


@flow
def four():
    return {Completed(name="Only")}


@flow
def five():
    return []


@flow
def six():
    return {"a": Completed()}


for f in (one, two, three, four, five, six):
    state = f(return_state=True)
    print(f.name, state.type.value, state.name, state.message)
