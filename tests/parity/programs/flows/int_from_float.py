from headrace import flow


@flow
def f(n: int):
    return repr(n)


for value in (1.0, "7", True, 1.5, None, [1]):
    try:
        print(f(value))
    except Exception as exc:
        print(exc)
