import sys

from headrace import flow, task
from headrace.logging import disable_run_logger


@task(log_prints=True)
def work():
    print("logged, not printed")
    print("to stderr", file=sys.stderr)
    return 1


@flow
def main():
    print("printed")
    with disable_run_logger():
        print(work.fn())
    work()


main()
print("end")
