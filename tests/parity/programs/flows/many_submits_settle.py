from headrace import flow, task
from headrace.futures import wait


@task
def square(n):
    return n * n


@flow
def main():
    futures = [square.submit(n) for n in range(60)]
    wait(futures)
    total = sum(f.result() for f in futures)
    nested = square.map(range(20))
    return total, sum(nested.result()), len({f.task_run_id for f in futures})


print(main())
