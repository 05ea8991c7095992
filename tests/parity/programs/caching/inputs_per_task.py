# differs: a cache key always includes the task
from headrace import flow, task
from headrace.cache_policies import INPUTS


@task(cache_policy=INPUTS, persist_result=True)
def one(x):
    return "one"


@task(cache_policy=INPUTS, persist_result=True)
def two(x):
    return "two"


@flow
def main():
    print(one(1), two(1), one(1))


main()
