import threading

from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = []


@task(cache_policy=INPUTS, persist_result=True)
def work(lock):
    runs.append(1)
    return "ok"


@flow
def main():
    lock = threading.Lock()
    print(work(lock), work(lock), len(runs))


main()
