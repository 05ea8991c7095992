from headrace import flow, task
from headrace.futures import as_completed


@task
def work(n):
    return n + 1


@flow
def main():
    futures = [work.submit(i) for i in range(5)]
    print(sorted(f.result() for f in as_completed(futures)))


main()
