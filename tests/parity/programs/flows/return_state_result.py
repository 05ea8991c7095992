from headrace import flow


@flow
def nothing():
    pass


@flow
def value():
    return {"a": [1, 2]}


state = nothing(return_state=True)
print(state, state.result())
state = value(return_state=True)
print(state, state.result(), state.name, state.message)
