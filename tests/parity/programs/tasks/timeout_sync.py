import time

from headrace import flow, task


@task(timeout_seconds=0.2)
def slow():
    time.sleep(5)


@flow
def main():
    state = slow(return_state=True)
    print(state.name, state.type, state.is_failed())
    print(state.message)
    try:
        slow()
    except TimeoutError as exc:
        print(type(exc).__name__, exc)


main()
