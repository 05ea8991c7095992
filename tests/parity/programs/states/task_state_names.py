from headrace import flow, task
from headrace.states import Cancelled, Crashed, Pending, Running, Scheduled


@task
def gives(kind):
    return {"cancelled": Cancelled(message="c"), "crashed": Crashed(message="x")}[kind]


@flow
def main():
    for kind in ("cancelled", "crashed"):
        state = gives(kind, return_state=True)
        print(kind, state.type.value, state.name, state.message)
    return True


main()
