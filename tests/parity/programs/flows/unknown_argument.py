from headrace import flow
from headrace.exceptions import ParameterBindError, SignatureMismatchError


@flow
def f(a: int):
    return a


for call in (lambda: f(1, 2), lambda: f(1, b=2), lambda: f()):
    try:
        call()
    except ParameterBindError as exc:
        print("bind", exc)
    except SignatureMismatchError as exc:
        print("signature", exc)
