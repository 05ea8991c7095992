import time

from headrace import flow


@flow(timeout_seconds=0.3)
def slow():
    time.sleep(5)


state = slow(return_state=True)
print(state.type.value, state.name)
print(state.message)
try:
    slow()
except TimeoutError as exc:
    print(type(exc).__name__, exc)
