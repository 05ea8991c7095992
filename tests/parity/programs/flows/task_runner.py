from headrace import flow, task
from headrace.task_runners import ThreadPoolTaskRunner


@task
def square(x):
    return x * x


@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
def main():
    return square.map(range(6)).result()


print(main())
runner = ThreadPoolTaskRunner(max_workers=5)
print(runner == ThreadPoolTaskRunner(max_workers=5), runner == ThreadPoolTaskRunner(max_workers=6))
print(runner.name, runner.duplicate() == runner)
