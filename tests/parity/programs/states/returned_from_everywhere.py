from headrace import flow, task
from headrace.states import Cancelled, Completed, Crashed, Failed, Paused


@task
def give(state):
    return state()


@flow
def take(state):
    return state()


@flow
def main():
    for make in (lambda: Completed(message="m", data=3), lambda: Cancelled(message="c"), lambda: Crashed(message="boom"), lambda: Failed(message="f", data=KeyError("k"))):
        task_state = give(make, return_state=True)
        flow_state = take(make, return_state=True)
        print(task_state.name, task_state.message, flow_state.name, flow_state.message)
        print(repr(flow_state.result(raise_on_failure=False)))


main()
