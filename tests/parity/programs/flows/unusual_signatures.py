from typing import Any, Callable, Iterable, Sequence

from headrace import flow


@flow
def callables(fn: Callable[[int], int], rest: Sequence[int] = (1, 2)):
    return [fn(n) for n in rest]


@flow
def iterables(values: Iterable[int]):
    return [v for v in values]


@flow
def untyped(a, b: Any = None, *, c: "int" = 3):
    return type(a).__name__, type(b).__name__, c


print(callables(lambda n: n + 1), callables(abs, rest=["-3"]))
print(iterables([1, "2"]))
print(untyped(object(), {1}, c="4"))
for bad in (lambda: callables(3), lambda: iterables(5), lambda: untyped(1, c="x")):
    try:
        bad()
        print("accepted")
    except Exception as error:
        print(type(error).__name__)
