from headrace import flow, task
from headrace.cache_policies import NO_CACHE, NONE

runs = 0


@task(cache_policy=NO_CACHE, persist_result=True)
def work(x):
    global runs
    runs += 1
    return runs


@flow
def main():
    print(work(1), work(1), work.submit(1).result())


main()
print(NO_CACHE == NONE, type(NO_CACHE).__name__)
