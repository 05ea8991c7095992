import threading

from headrace import flow, task
from headrace.futures import as_completed

release = threading.Event()


@task
def quick(n):
    return n


@task
def held():
    release.wait(20)
    return "held"


@flow
def main():
    futures = [quick.submit(1), held.submit()]
    seen = []
    try:
        for future in as_completed(futures, timeout=1):
            seen.append(future.result())
    except TimeoutError as error:
        print(type(error).__name__, error)
    print(seen)
    release.set()
    print(sorted(str(f.result()) for f in as_completed(futures)))
    print(list(as_completed([])))


main()
