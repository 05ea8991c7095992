from headrace import flow


@flow
def bad():
    raise ValueError("flow broke")


try:
    bad()
except ValueError as exc:
    print("caught", exc)
state = bad(return_state=True)
print(state.type.value, state.name)
print(state.message)
print(repr(state.result(raise_on_failure=False)))
try:
    state.result()
except ValueError as exc:
    print("again", exc)
