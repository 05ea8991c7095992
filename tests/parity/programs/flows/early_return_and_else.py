from headrace import flow, task
from headrace.states import Completed, Failed


@task
def check(n):
    return n > 0


@flow
def main(n):
    if not check(n):
        return Completed(message="nothing to do", name="Skipped")
    if n > 10:
        return Failed(message="too large")
    return n


print(main(5))
for n in (-1, 50):
    state = main(n, return_state=True)
    print(state.name, state.message, state.type.value)
try:
    main(50)
except Exception as error:
    print(type(error).__name__, error)
print(type(main(-1)).__name__)
