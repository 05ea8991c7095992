from headrace import flow
from headrace.states import Crashed


@flow
def f():
    return Crashed(message="broken infra")


state = f(return_state=True)
print(state.type.value, state.name, state.message, state.is_crashed())
