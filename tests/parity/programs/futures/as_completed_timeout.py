import threading

from headrace import flow, task
from headrace.futures import as_completed

gate = threading.Event()


@task
def quick():
    return 1


@task
def blocked():
    gate.wait(10)


@flow
def main():
    futures = [quick.submit(), blocked.submit()]
    futures[0].wait()
    try:
        for future in as_completed(futures, timeout=0.3):
            print(future.result())
    except TimeoutError as exc:
        print("TimeoutError", exc)
    gate.set()
    futures[1].wait()


main()
