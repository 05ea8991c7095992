import threading

from headrace import flow, task
from headrace.task_runners import ThreadPoolTaskRunner

lock = threading.Lock()
total = 0


@task
def add(n):
    global total
    with lock:
        total += n
    return threading.current_thread().name != "MainThread"


@flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
def main():
    others = add.map(range(50)).result()
    return total, all(others)


print(main())
