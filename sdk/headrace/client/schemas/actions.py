"""What clients send in order to change something."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from headrace.client.schemas.bases import Action
from headrace.types import ArtifactKey, BlockName, StrictVariableValue, VariableName


class VariableCreate(Action):
    """A variable to be made."""

    name: VariableName
    value: StrictVariableValue
    tags: list[str] | None = None


class VariableUpdate(Action):
    """A variable to be changed; what is not set stays."""

    name: VariableName | None = None
    value: StrictVariableValue = None
    tags: list[str] | None = None


class ArtifactCreate(Action):
    """An artifact to be made."""

    key: ArtifactKey = None
    type: str | None = None
    description: str | None = None
    data: dict[str, Any] | Any | None = None
    metadata_: dict[str, str] | None = None
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class ArtifactUpdate(Action):
    """An artifact to be changed; what is not set stays."""

    data: dict[str, Any] | Any | None = None
    description: str | None = None
    metadata_: dict[str, str] | None = None


class BlockTypeCreate(Action):
    """A type of blocks to be made known."""

    name: str
    slug: str
    description: str | None = None


class BlockTypeUpdate(Action):
    """A type of blocks to be brought up to date."""

    description: str | None = None


class BlockDocumentCreate(Action):
    """A block to be saved; `block_type_slug` names its type, which is known."""

    name: BlockName = None
    data: dict[str, Any] = Field(default_factory=dict)
    block_type_slug: str
    is_anonymous: bool = False


class BlockDocumentUpdate(Action):
    """What takes the place of a block's data."""

    data: dict[str, Any] = Field(default_factory=dict)
