# differs: dicts typed by the standard library are parameters here on every Python, there from 3.12 on
from typing import Literal, NamedTuple, TypedDict, Union

from headrace import flow


class Options(TypedDict, total=False):
    depth: int
    kind: Literal["a", "b"]


class Pair(NamedTuple):
    left: int
    right: str = "r"


@flow
def main(options: Options, pair: Pair, either: Union[int, str, None] = None, flag: bool = False):
    return options, pair, either, flag


print(main({"depth": "3", "kind": "a"}, (1, "x")))
print(main({}, Pair(2), "5", "yes"))
for bad in ({"kind": "z"}, {"depth": "deep"}):
    try:
        main(bad, (1,))
    except Exception as error:
        print(type(error).__name__)
