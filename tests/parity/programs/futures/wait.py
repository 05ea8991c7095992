from headrace import flow, task
from headrace.futures import wait


@task
def work(n):
    return n * n


@flow
def main():
    futures = [work.submit(i) for i in range(4)]
    done, not_done = wait(futures)
    print(type(done).__name__, len(done), len(not_done))
    print(sorted(f.result() for f in done))
    result = wait(futures)
    print(len(result.done), len(result.not_done))


main()
