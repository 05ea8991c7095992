from headrace import flow, task
from headrace.futures import HeadraceFuture, HeadraceFutureList


@task
def inc(x):
    return x + 1


@flow
def main():
    futures = inc.map([1, 2, 3])
    print(isinstance(futures, HeadraceFutureList), isinstance(futures, list), len(futures))
    print(isinstance(futures[0], HeadraceFuture))
    print(futures[1:][0].result())


main()
