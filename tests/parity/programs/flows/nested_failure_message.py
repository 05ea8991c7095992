from headrace import flow, task


@task
def bad():
    raise ZeroDivisionError("division by zero")


@flow
def inner():
    bad()


@flow
def outer():
    try:
        inner()
    except ZeroDivisionError as exc:
        raise RuntimeError("outer failed") from exc


state = outer(return_state=True)
print(state.message)
try:
    outer()
except RuntimeError as exc:
    print(repr(exc), repr(exc.__cause__))
