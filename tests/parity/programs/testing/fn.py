from headrace import flow, task
from headrace.logging import disable_run_logger


@task
def inc(x):
    return x + 1


@flow
def main(x):
    return inc(x)


with disable_run_logger():
    print(inc.fn(3), main.fn(3))
