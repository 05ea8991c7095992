from datetime import timedelta

from headrace import flow, task
from headrace.tasks import task_input_hash

runs = []


@task(cache_key_fn=task_input_hash, cache_expiration=timedelta(days=1))
def f(x, y=0):
    runs.append((x, y))
    return x + y


@flow
def main():
    f(1), f(1, 0), f(1, y=0), f(x=1), f(2)
    print(runs)


main()
