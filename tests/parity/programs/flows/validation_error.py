from headrace import flow
from headrace.exceptions import ParameterTypeError


@flow
def typed(n: int, text: str = "a"):
    return n


try:
    typed("not a number")
except ParameterTypeError as exc:
    print(exc)
try:
    typed("x", text=5)
except Exception as exc:
    print(type(exc).__name__)
    print(exc)
state = None
try:
    state = typed("bad", return_state=True)
except ParameterTypeError:
    print("raised")
print(state is None)
