from headrace import flow, task
from headrace.states import Completed, Failed


@task
def named():
    return Completed(name="Skipped", message="nothing to do")


@task
def failed():
    return Failed(message="my own reason")


@flow
def main():
    state = named(return_state=True)
    print(state.name, state.type.value, state.message)
    state = failed(return_state=True)
    print(state.name, state.type.value, state.message, state.is_failed())
    return "ok"


main()
