from headrace import flow


@flow
def main(a: int, b: list[int], c: str = "x"):
    return a


for call in (lambda: main("x", [1]), lambda: main(1, ["a", 2]), lambda: main(1, 2), lambda: main(1), lambda: main(1, [2], d=3), lambda: main(1, [1], c=5)):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__)
        print(error)
