import datetime
import enum
import pathlib
import uuid
from dataclasses import dataclass, field

import pydantic

from headrace import flow, task


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Box:
    items: list = field(default_factory=list)


class Model(pydantic.BaseModel):
    name: str
    parent: "Model | None" = None


@task(persist_result=True)
def make(kind):
    return {
        "level": Level.HIGH,
        "box": Box([1, 2]),
        "model": Model(name="a", parent=Model(name="b")),
        "when": datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc),
        "path": pathlib.Path("x") / "y",
        "uuid": uuid.UUID(int=5),
        "set": {3},
        "bytes": b"ab",
    }[kind]


@flow
def main():
    for kind in ("level", "box", "model", "when", "path", "uuid", "set", "bytes"):
        state = make(kind, return_state=True)
        print(kind, repr(state.result()))


main()
