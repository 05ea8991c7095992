from headrace import flow


@flow
def main(a: int = None, b: list[int] = None, c: str | None = None):
    return a, b, c


try:
    print(main())
except Exception as exc:
    print(type(exc).__name__, exc)
print(main.fn(), main(1, [2], "x"))
