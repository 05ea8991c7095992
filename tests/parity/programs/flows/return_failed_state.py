from headrace import flow
from headrace.states import Failed


@flow
def failing():
    return Failed(message="by design")


state = failing(return_state=True)
print(state.type.value, state.name, state.message)
print(state.is_failed(), state.is_completed(), state.is_final())
