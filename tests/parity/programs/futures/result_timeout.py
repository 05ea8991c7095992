import threading

from headrace import flow, task

gate = threading.Event()


@task
def blocked():
    gate.wait(10)
    return "value"


@flow
def main():
    future = blocked.submit()
    try:
        future.result(timeout=0.1)
    except TimeoutError as exc:
        print(type(exc).__name__)
    gate.set()
    print(future.result(timeout=10))


main()
