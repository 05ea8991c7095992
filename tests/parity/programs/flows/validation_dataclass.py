from dataclasses import dataclass
from typing import TypedDict

from headrace import flow


@dataclass
class Point:
    x: int
    y: int = 0


class Options(TypedDict):
    verbose: bool


@flow
def plot(point: Point, options: Options = {"verbose": False}):
    print(point, options)


plot({"x": "1"})
plot(Point(2, 3), {"verbose": "yes"})
