from dataclasses import dataclass
from enum import Enum
from pydantic import BaseModel, field_validator
from headrace import flow


class Size(str, Enum):
    S = "s"
    L = "l"


class Order(BaseModel):
    id: int
    size: Size
    tags: list[str] = []

    @field_validator("id")
    @classmethod
    def positive(cls, v):
        if v < 0:
            raise ValueError("id must be positive")
        return v


@dataclass
class Point:
    x: int
    y: int = 0


@flow
def order(o: Order):
    print(o)
    return o.size


@flow
def point(p: Point):
    print(p, type(p).__name__)


@flow
def items(xs: list[int], m: dict[str, int] = {}):
    print(xs, m)


def attempt(f, *a, **k):
    try:
        print("->", f(*a, **k))
    except Exception as e:
        print(type(e).__name__)
        print(str(e))


attempt(order, {"id": "3", "size": "s"})
attempt(order, {"id": -3, "size": "s"})
attempt(order, {"id": 3, "size": "m", "tags": 4})
attempt(order, 4)
attempt(point, {"x": "5"})
attempt(point, {"y": 5})
attempt(point, {"x": "a", "z": 1})
attempt(items, ["1", 2.0, True])
attempt(items, "abc")
attempt(items, [1.5, None], {"a": "b"})
attempt(items, (1, 2))
attempt(items, {1, 2})
