"""What the objects of the client have in common."""

from __future__ import annotations

import datetime
import enum
from typing import Any
from uuid import UUID, uuid4

import pydantic


class Model(pydantic.BaseModel):
    """The root of what clients send and are answered."""

    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True, defer_build=False)


class Action(Model):
    """What a client sends in order to change something."""

    model_config = pydantic.ConfigDict(extra="forbid")


class Identified(Model):
    """A thing that has an id; two of them are equal when all but ids and times is.

    `created` and `updated` are when it was made and last changed, in UTC.
    """

    id: UUID = pydantic.Field(default_factory=uuid4)
    created: datetime.datetime | None = pydantic.Field(default=None, repr=False)
    updated: datetime.datetime | None = pydantic.Field(default=None, repr=False)

    def __eq__(self, other: Any) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        left = self.model_dump(exclude={"id", "created", "updated"})
        right = other.model_dump(exclude={"id", "created", "updated"})
        return bool(left == right)


class Names(str, enum.Enum):  # noqa: UP042  # prints as Prefect's: FlowRunSort.NAME_ASC
    """Words that stand for themselves."""

    @staticmethod
    def _generate_next_value_(name: str, *_: Any) -> str:
        return name

    def __repr__(self) -> str:
        return str(self)
