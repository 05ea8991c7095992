"""What clients are answered: runs, flows, logs, and what is saved under names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from headrace.client.schemas.bases import Identified
from headrace.types import (
    MAX_VARIABLE_NAME_LENGTH,
    ArtifactKey,
    BlockName,
    StrictVariableValue,
)


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


class BlockType(Identified):
    """What a class of blocks says of itself; its slug is its name in lowercase and dashes."""

    name: str
    slug: str
    description: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class BlockDocument(Identified):
    """A saved block; blocks within it stand in their places in `data`."""

    name: BlockName = None
    data: dict[str, Any] = Field(default_factory=dict)
    block_type_name: str | None = None
    block_type: BlockType | None = None
    is_anonymous: bool = False
