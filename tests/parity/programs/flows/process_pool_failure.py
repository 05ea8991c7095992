import os

from headrace import flow, task
from headrace.task_runners import ProcessPoolTaskRunner


@task
def fail(x):
    raise ValueError(f"bad {x}")


@task
def pid():
    return os.getpid()


@flow(task_runner=ProcessPoolTaskRunner(max_workers=1))
def main():
    future = fail.submit(3)
    try:
        future.result()
    except ValueError as exc:
        print(exc)
    print(future.state.name, "|", future.state.message)
    print(pid.submit().result() != os.getpid())
    return 1


if __name__ == "__main__":
    main()
