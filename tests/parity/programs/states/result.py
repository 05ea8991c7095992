from headrace import flow, task


@task
def value():
    return [1, 2]


@task
def bad():
    raise KeyError("k")


@flow
def main():
    state = value(return_state=True)
    print(state.result(), state.result(raise_on_failure=False))
    state = bad(return_state=True)
    print(repr(state.result(raise_on_failure=False)))
    try:
        state.result()
    except KeyError as exc:
        print("KeyError", exc)
    return True


main()
