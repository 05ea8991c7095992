# differs: a task that returns a failed state raises when it is called directly
from headrace import flow, task
from headrace.states import Failed


@task
def gives():
    return Failed(message="my reason")


@flow
def main():
    try:
        gives()
    except Exception as exc:
        print(type(exc).__name__, exc)
    print(gives(return_state=True).name)
    return 1


main()
