"""What clients are answered: runs, flows, logs, and what is saved under names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from headrace.client.schemas.actions import (
    MAX_VARIABLE_NAME_LENGTH,
    ArtifactKey,
    StrictVariableValue,
)
from headrace.client.schemas.bases import Identified


class Variable(Identified):
    """A named JSON value."""

    name: str = Field(max_length=MAX_VARIABLE_NAME_LENGTH)
    value: StrictVariableValue
    tags: list[str] = Field(default_factory=list)


class Artifact(Identified):
    """Something that a run made for people to look at.

    Attributes:
        key: what it is known by; those with one key are versions of one thing.
        type: how its data is shown: "markdown", "table", "progress", "image" or another.
        data: what it shows.
    """

    key: ArtifactKey = None
    type: str | None = None
    description: str | None = None
    data: dict[str, Any] | Any | None = None
    metadata_: dict[str, str] | None = None
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None
