from dataclasses import dataclass, field

from headrace import flow


@dataclass
class Point:
    x: int
    y: int = 0
    tags: list = field(default_factory=list)


@flow
def plot(point: Point, scale: float = 1):
    print(point, repr(scale))


plot({"x": "1"})
plot(Point(2, 3), "1.5")
