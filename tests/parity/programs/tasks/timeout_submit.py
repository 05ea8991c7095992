import time

from headrace import flow, task


@task(timeout_seconds=0.3)
def slow():
    for _ in range(40):
        time.sleep(0.05)
    return "late"


@flow
def main():
    future = slow.submit()
    future.wait()
    print(future.state.name, future.state.message)
    return 0


main()
