from headrace import flow, task
from headrace.states import Completed


@task
def maybe(flag):
    if not flag:
        return Completed(name="Skipped", message="flag off", data=None)
    return "value"


@flow
def main():
    for flag in (True, False):
        state = maybe(flag, return_state=True)
        print(state.name, state.is_completed(), state.message, str(state))
    return maybe(True)


print(main())
