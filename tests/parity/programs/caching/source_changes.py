from headrace import flow, task
from headrace.cache_policies import INPUTS, TASK_SOURCE

calls = []


def make(factor):
    if factor == 1:

        @task(cache_policy=TASK_SOURCE + INPUTS, persist_result=True)
        def work(n):
            calls.append("one")
            return n
    else:

        @task(cache_policy=TASK_SOURCE + INPUTS, persist_result=True)
        def work(n):
            calls.append("two")
            return n * 2

    return work


@flow
def main():
    for factor in (1, 1, 2, 2):
        print(make(factor)(5))


main()
print(calls)
