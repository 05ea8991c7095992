from headrace import flow, task
from headrace.futures import HeadraceFutureList


@task
def number(n):
    return n


@flow
def main():
    futures = number.map([1, 2, 3])
    print(isinstance(futures, list), isinstance(futures, HeadraceFutureList), len(futures))
    print(futures[0].result(), [f.result() for f in futures[1:]], futures[-1].result())
    futures.wait()
    print(futures.result(), [f.state.is_completed() for f in futures])
    more = HeadraceFutureList([number.submit(4), number.submit(5)])
    print(more.result(timeout=10), (futures + more)[3].result())
    print(number.map([]).result())


main()
