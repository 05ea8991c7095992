# differs: a task runner that is none is refused at the decorator
from headrace import flow, task
from headrace.task_runners import ThreadPoolTaskRunner


@task
def one():
    return 1


@flow(task_runner=ThreadPoolTaskRunner)
def main():
    return one.submit().result()


print(main(), type(main.task_runner).__name__)
try:

    @flow(task_runner="threads")
    def bad():
        pass

except TypeError as exc:
    print(exc)
