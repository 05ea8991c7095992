from headrace import flow


@flow
def f(a: int, b: list[str]):
    pass


print(f.validate_parameters({"a": "3", "b": ["x"]}))
try:
    f.validate_parameters({"a": "x", "b": []})
except Exception as exc:
    print(type(exc).__name__)
