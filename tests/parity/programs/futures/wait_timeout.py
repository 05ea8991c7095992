import threading

from headrace import flow, task
from headrace.futures import wait

gate = threading.Event()


@task
def blocked():
    gate.wait(10)
    return "late"


@task
def quick():
    return "now"


@flow
def main():
    a, b = quick.submit(), blocked.submit()
    a.wait()
    done, not_done = wait([a, b], timeout=0.3)
    print(len(done), len(not_done))
    gate.set()
    print(b.result())


main()
