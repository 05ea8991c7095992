import threading

from headrace import flow, task

gate = threading.Event()


@task
def work(n):
    if n == 2:
        gate.wait(10)
    return n


@flow
def main():
    futures = work.map([1, 2])
    try:
        futures.result(timeout=0.3)
    except TimeoutError as exc:
        print(type(exc).__name__, exc)
    gate.set()
    futures.wait()
    print(futures.result())


main()
