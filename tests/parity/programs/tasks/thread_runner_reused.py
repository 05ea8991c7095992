import threading

from headrace import flow, task
from headrace.task_runners import ThreadPoolTaskRunner


@task
def where():
    return threading.current_thread() is not threading.main_thread()


with ThreadPoolTaskRunner(max_workers=3) as runner:
    print(runner.duplicate() == runner, type(runner.duplicate()).__name__)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
def main():
    print(where(), where.submit().result(), where.map([]) if False else [f.result() for f in [where.submit() for _ in range(3)]])


@flow(task_runner=ThreadPoolTaskRunner)
def other():
    return where.submit().result()


main()
print(other())
