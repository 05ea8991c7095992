from headrace import flow, task
from headrace.cache_policies import INPUTS

runs = []


@task(cache_policy=INPUTS - "debug", persist_result=True)
def work(x, debug=False):
    runs.append((x, debug))
    return x


@task(cache_policy=INPUTS - "a" - "b", persist_result=True)
def other(a, b, c):
    runs.append((a, b, c))


@flow
def main():
    work(1), work(1, debug=True), work(2)
    other(1, 2, 3), other(4, 5, 3), other(1, 2, 4)
    print(runs)


main()
