import datetime
import enum
import pathlib
import uuid
from dataclasses import dataclass
from decimal import Decimal

import pydantic

from headrace import flow, task


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int = 0


class Model(pydantic.BaseModel):
    when: datetime.date
    color: Color = Color.RED
    points: list[Point] = []


@task
def show(value):
    return f"{type(value).__name__}:{value}"


@flow
def main(
    when: datetime.datetime,
    span: datetime.timedelta,
    path: pathlib.Path,
    ident: uuid.UUID,
    color: Color,
    price: Decimal,
    model: Model,
    point: Point,
):
    for value in (when, span, ident, color, price, model, point):
        print(show(value))
    print(type(path).__name__, isinstance(path, pathlib.Path), str(path))


main(
    when="2024-01-02T03:04:05+00:00",
    span=90,
    path="a/b",
    ident="12345678-1234-5678-1234-567812345678",
    color="blue",
    price="1.50",
    model={"when": "2024-05-06", "points": [{"x": 1}]},
    point={"x": "7"},
)
