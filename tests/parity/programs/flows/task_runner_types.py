from headrace import flow, task
from headrace.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner


@flow
def a():
    pass


@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
def b():
    pass


@flow(task_runner=ProcessPoolTaskRunner)
def c():
    pass


for f in (a, b, c):
    runner = f.task_runner
    print(type(runner).__name__, isinstance(runner, TaskRunner), f.with_options(name="x").task_runner == runner)
print(ThreadPoolTaskRunner(max_workers=2) == ThreadPoolTaskRunner(max_workers=2), ThreadPoolTaskRunner(max_workers=2) == ThreadPoolTaskRunner(max_workers=3))
print(ThreadPoolTaskRunner().name, ProcessPoolTaskRunner().name)
