from headrace import flow, task
from headrace.states import Failed


@task
def gives_string():
    return Failed(message="m", data="just text")


@task
def gives_exception():
    return Failed(message="m", data=KeyError("inside"))


@flow
def main():
    for t in (gives_string, gives_exception):
        state = t(return_state=True)
        try:
            state.result()
        except Exception as exc:
            print(type(exc).__name__, exc)
    return 1


main()
