from headrace import flow


@flow
def child():
    raise ValueError("child broke")


@flow
def parent():
    state = child(return_state=True)
    print("child", state.type.value, state.message)
    try:
        child()
    except ValueError as exc:
        print("caught", exc)
    return "parent fine"


print(parent())


@flow
def unlucky():
    child()


state = unlucky(return_state=True)
print(state.type.value, state.message)
