from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = []


@task(cache_policy=INPUTS, persist_result=True)
def work(x, y=1):
    runs.append((x, y))
    return x + y


@flow
def main():
    work(1)
    print(work(1, return_state=True).name)
    print(work(1, y=2, return_state=True).name)
    print(work(1, y=1, return_state=True))
    print(runs)


main()
