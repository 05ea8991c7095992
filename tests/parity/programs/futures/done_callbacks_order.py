import threading

from headrace import flow, task

gate = threading.Event()


@task
def held(n):
    gate.wait(20)
    return n


@flow
def main():
    seen = []
    future = held.submit(1)
    future.add_done_callback(lambda f: seen.append("first"))
    future.add_done_callback(lambda f: seen.append("second"))
    print(seen)
    gate.set()
    future.wait()
    future.add_done_callback(lambda f: seen.append("late"))
    return sorted(seen) if len(seen) == 3 else seen


print(main())
