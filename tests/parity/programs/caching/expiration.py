import time
from datetime import timedelta

from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = []


@task(cache_policy=INPUTS, cache_expiration=timedelta(seconds=0.5), persist_result=True)
def short(x):
    runs.append(x)


@task(cache_policy=INPUTS, cache_expiration=timedelta(hours=1), persist_result=True)
def long(x):
    runs.append(x)


@flow
def main():
    short(1), long(2)
    short(1), long(2)
    time.sleep(0.7)
    short(1), long(2)
    print(runs)


main()
