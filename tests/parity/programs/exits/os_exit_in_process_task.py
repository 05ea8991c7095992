import os

from headrace import flow, task
from headrace.task_runners import ProcessPoolTaskRunner


@task
def dies():
    os._exit(3)


@flow(task_runner=ProcessPoolTaskRunner(max_workers=1))
def main():
    future = dies.submit()
    future.wait()
    return future.state


if __name__ == "__main__":
    state = main(return_state=True)
    print(state.is_completed())
