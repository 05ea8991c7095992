from headrace import flow


@flow
def child(fail):
    if fail:
        raise ValueError("child broke")
    return 1


@flow
def parent():
    return [child(False, return_state=True), child(True, return_state=True)]


state = parent(return_state=True)
print(state.type.value, state.message)
