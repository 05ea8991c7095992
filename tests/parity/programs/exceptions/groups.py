from headrace import flow, task


@task
def several():
    raise ExceptionGroup("several", [ValueError("a"), ExceptionGroup("inner", [KeyError("b")])])


@flow
def main():
    try:
        several()
    except* ValueError as group:
        print("values", [repr(e) for e in group.exceptions])
    except* KeyError as group:
        print("keys", group.exceptions[0].exceptions)
    print(several(return_state=True).message)
    future = several.submit()
    future.wait()
    print(type(future.state.result(raise_on_failure=False)).__name__)
    raise ExceptionGroup("last", [TypeError("c")])


state = main(return_state=True)
print(state.message)
print(repr(state.result(raise_on_failure=False)))
