from headrace import flow, task
from headrace.testing.utilities import headrace_test_harness
from headrace.variables import Variable


@task
def double(n):
    return n * 2


@flow
def main(n: int):
    return double(n)


with headrace_test_harness():
    print(main(2), main.fn.__name__, double.fn(4))
    Variable.set("inside", 1)
    print(Variable.get("inside"))
with headrace_test_harness():
    print(Variable.get("inside"))
    state = main("x", return_state=True)
    print(state.name, type(state.result(raise_on_failure=False)).__name__)
