import sys

from headrace import flow, task


@task
def check(n):
    if n > 1:
        raise ValueError(n)


@flow
def main():
    check.map([1, 2]).wait()
    return [f.state for f in [check.submit(3)]]


state = main(return_state=True)
print(state.name)
sys.exit(0 if state.is_completed() else 3)
