from headrace import flow


@flow
def gives():
    return ValueError("returned")


state = gives(return_state=True)
print(state.type.value, state.name, state.message)
