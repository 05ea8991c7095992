from headrace import flow, task
from headrace.futures import DoneAndNotDoneFutures, wait


@task
def n(x):
    return x


@flow
def main():
    result = wait(n.map([1, 2]))
    print(isinstance(result, DoneAndNotDoneFutures), result._fields)
    print(sorted(f.result() for f in result.done))


main()
