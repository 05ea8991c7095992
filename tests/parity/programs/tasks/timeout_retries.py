import time

from headrace import flow, task

runs = []


@task(timeout_seconds=0.1, retries=1)
def sometimes_slow():
    runs.append(1)
    if len(runs) == 1:
        time.sleep(2)
    return "fast"


@flow
def main():
    print(sometimes_slow(), len(runs))


main()
