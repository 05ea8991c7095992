import time

from headrace import flow, task
from headrace.runtime import task_run


@task(timeout_seconds=0.3, retries=2)
def slow_then_fast():
    if task_run.run_count < 3:
        time.sleep(20)
    return task_run.run_count


@flow
def main():
    state = slow_then_fast(return_state=True)
    print(state.name, state.result())
    failing = slow_then_fast.with_options(retries=0)
    state = failing(return_state=True)
    print(state.name, state.type.value, state.message)
    try:
        state.result()
    except TimeoutError as error:
        print(type(error).__name__)


main()
