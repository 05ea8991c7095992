"""What clients send in order to change something."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictFloat, StrictInt
from pydantic import StrictStr as Text

from headrace.client.schemas.bases import Action

#: Characters of a variable's name, and of its value as JSON, at most.
MAX_VARIABLE_NAME_LENGTH, MAX_VARIABLE_VALUE_LENGTH = 255, 5000


def _check_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]*", name):
        raise ValueError(
            "Variable name must only contain lowercase letters, numbers, and dashes or underscores."
        )
    return name


def _check_key(key: str | None) -> str | None:
    if key is not None and not re.fullmatch(r"[a-z0-9-]*", key):
        raise ValueError("Artifact key must only contain lowercase letters, numbers, and dashes.")
    return key


def _check_value(value: object) -> object:
    try:
        text = msgspec.json.encode(value)
    except (TypeError, msgspec.MsgspecError):
        text = None
    if text is None or isinstance(value, bytes | bytearray):
        raise ValueError("Variable value must be serializable to JSON")
    if len(text) > MAX_VARIABLE_VALUE_LENGTH:
        raise ValueError(f"Variable value must be less than {MAX_VARIABLE_VALUE_LENGTH} characters")
    return value


VariableName = Annotated[
    str, AfterValidator(_check_name), Field(max_length=MAX_VARIABLE_NAME_LENGTH)
]
StrictVariableValue = Annotated[
    Text | StrictInt | StrictBool | StrictFloat | dict[str, Any] | list[Any] | None,
    BeforeValidator(_check_value),
]
ArtifactKey = Annotated[str | None, AfterValidator(_check_key)]


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
