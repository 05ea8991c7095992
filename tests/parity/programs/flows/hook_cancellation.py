from headrace import flow
from headrace.states import Cancelled


@flow
def work():
    return Cancelled(message="stopped")


@work.on_cancellation
def cancelled(flow, flow_run, state):
    print("cancelled hook", state.type.value)


state = work(return_state=True)
print(state.type.value, state.message)
