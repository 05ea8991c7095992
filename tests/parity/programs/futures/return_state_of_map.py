from headrace import flow, task


@task
def check(n):
    if n > 1:
        raise ValueError(n)
    return n


@flow
def main():
    states = check.map([1, 2], return_state=True)
    print(type(states).__name__, [s.name for s in states])
    state = check.submit(1, return_state=True)
    print(state.result(), state.is_completed(), state.is_final())
    failed = check.submit(2, return_state=True)
    print(repr(failed.result(raise_on_failure=False)), failed.is_failed())


print(main(return_state=True).name)
