from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = []


@task(cache_policy=INPUTS, persist_result=True)
def work(x):
    runs.append(x)


@flow
def main():
    print(work(1), work(1), runs)


main()
