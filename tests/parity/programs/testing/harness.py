from headrace import flow, task
from headrace.testing.utilities import headrace_test_harness


@task
def inc(x):
    return x + 1


@flow
def main():
    return inc(1)


with headrace_test_harness():
    print(main())
    state = main(return_state=True)
    print(state.is_completed(), state.result())
print("left")
