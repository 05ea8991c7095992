from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = 0


@task(cache_policy=INPUTS, persist_result=True)
def work(x):
    global runs
    runs += 1
    return runs


@flow
def main():
    print(work(1), work(1))
    refreshing = work.with_options(refresh_cache=True)
    print(refreshing(1), refreshing(1), work(1))


main()
