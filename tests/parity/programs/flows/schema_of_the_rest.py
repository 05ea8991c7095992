from headrace import flow


@flow
def typed(x, *args: int, **kw: str):
    return x, args, kw


@flow
def nested(*args: list[int], y: int = 3, **kw):
    return args, y, kw


@flow
def described(*things: "int"):
    """Count.

    Args:
        things: what is counted
    """


for each in (typed, nested, described):
    print(each.parameters.model_dump_for_openapi())
print(typed.validate_parameters({"x": 1}))
print(typed.validate_parameters({"x": 1, "args": ["2"], "kw": {"z": "w"}}))
print(typed(1, 2, z="w"), nested([1], k=None))
