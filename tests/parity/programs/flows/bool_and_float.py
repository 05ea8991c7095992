from decimal import Decimal

from headrace import flow


@flow
def f(a: bool = False, b: float = 0.0, c: str = "", d: Decimal = Decimal("1"), e: bytes = b""):
    print(repr((a, b, c, d, e)))


f("yes", "1e3", "x", "2.50", "raw")
f(1, 2)
for arguments in ({"a": "maybe"}, {"b": "x"}, {"c": 1}, {"a": 2}):
    try:
        f(**arguments)
    except Exception as exc:
        print(exc)
