from headrace import flow, task
from headrace.cache_policies import INPUTS

calls = 0


@task(cache_policy=INPUTS, persist_result=True, retries=1, task_run_name="w-{n}", log_prints=True)
def work(n):
    global calls
    calls += 1
    if calls == 1:
        raise ValueError("first")
    return n


@flow
def main():
    for n in (1, 1, 2):
        state = work(n, return_state=True)
        print(state.name, state.result(), calls)


main()
