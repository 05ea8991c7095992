import datetime

from headrace import flow, task
from headrace.cache_policies import INPUTS

calls = []


@task(cache_policy=INPUTS, cache_expiration=datetime.timedelta(hours=1), persist_result=True)
def long(n):
    calls.append("long")
    return n


@task(cache_policy=INPUTS, cache_expiration=datetime.timedelta(microseconds=1), persist_result=True)
def short(n):
    calls.append("short")
    return n


@flow
def main():
    for _ in range(2):
        print(long(1, return_state=True).name, short(100, return_state=True).name)
    print(calls)


main()
