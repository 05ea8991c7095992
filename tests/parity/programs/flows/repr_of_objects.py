from headrace import flow, task
from headrace.states import Completed
from headrace.task_runners import ThreadPoolTaskRunner
from headrace.utilities.annotations import allow_failure, quote, unmapped


@task
def work():
    return 1


@flow
def main():
    future = work.submit()
    future.wait()
    print(type(future).__name__, str(future.state), future.task_run_id is not None)
    print(unmapped([1]), quote(1), allow_failure(2))
    print(str(Completed()), str(Completed(message="m")), str(Completed(name="N")))
    return [future.state]


state = main(return_state=True)
print(state)
print(state.message, state.state_details.flow_run_id is not None)
