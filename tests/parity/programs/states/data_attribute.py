from headrace import flow
from headrace.states import Completed, Failed

print(Completed(data=3).data, Completed().data, Failed(data="x").data)


@flow
def f():
    return Completed(data={"a": 1}, message="with data")


state = f(return_state=True)
print(state.message, state.result())
