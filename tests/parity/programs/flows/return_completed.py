from headrace import flow
from headrace.states import Completed


@flow
def done():
    return Completed(message="I am happy")


state = done(return_state=True)
print(state.type.value, state.name, state.message)
print(state)
