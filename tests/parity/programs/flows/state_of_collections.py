from headrace import flow, task
from headrace.states import Cancelled, Completed, Crashed, Failed


@flow
def answer(kind):
    return {
        "completed": [Completed(message="a"), Completed()],
        "cancelled": [Completed(), Cancelled()],
        "crashed": (Crashed(message="c"), Completed()),
        "empty": [],
        "mixed": [Completed(), 1],
        "dict": {"a": Completed(data=1)},
        "named": Completed(name="Special", message="m", data=[1]),
    }[kind]


for kind in ("completed", "cancelled", "crashed", "empty", "mixed", "dict", "named"):
    state = answer(kind, return_state=True)
    print(kind, state.name, state.type.value, state.message)
