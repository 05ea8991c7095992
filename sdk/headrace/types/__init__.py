"""Types for annotations of parameters, block fields and variables."""

from __future__ import annotations

import datetime
import json
import re
from typing import Annotated, Any, Literal

import msgspec
import pydantic
from pydantic import AfterValidator, BeforeValidator, Field

#: A moment, and a day.
DateTime = datetime.datetime
Date = datetime.date

NonNegativeInteger = Annotated[int, Field(ge=0)]
PositiveInteger = Annotated[int, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0.0)]

#: Characters of a variable's name, and of its value as JSON, at most.
MAX_VARIABLE_NAME_LENGTH, MAX_VARIABLE_VALUE_LENGTH = 255, 5000


class SecretDict(pydantic.Secret[dict[str, Any]]):
    """A mapping that is not printed."""


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


def _check_block_name(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[a-z0-9-]*", name):
        raise ValueError(
            "Block document name must only contain lowercase letters, numbers, and dashes."
        )
    return name


def _plain(value: object) -> object:
    if isinstance(value, set | frozenset | bytes | bytearray):
        raise TypeError  # it would come back as something else
    return msgspec.to_builtins(value)


def _check_value(value: object) -> object:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()
    except (TypeError, ValueError, msgspec.MsgspecError):
        raise ValueError("Variable value must be serializable to JSON") from None
    if len(text) > MAX_VARIABLE_VALUE_LENGTH:
        raise ValueError(f"Variable value must be less than {MAX_VARIABLE_VALUE_LENGTH} characters")
    return value


#: What names of flows, deployments, limits and pools must not have in them: they stand in paths.
BANNED_CHARACTERS = ["/", "%", "&", ">", "<"]
WITHOUT_BANNED_CHARACTERS = r"^[^" + "".join(BANNED_CHARACTERS) + "]+$"
Name = Annotated[str, Field(pattern=WITHOUT_BANNED_CHARACTERS)]
NameOrEmpty = Annotated[str, Field(pattern=WITHOUT_BANNED_CHARACTERS.replace("+", "*"))]


def _not_blank(value: str) -> str:
    if not value.strip("' \""):
        raise ValueError("name cannot be an empty string")
    return value


NonEmptyishName = Annotated[Name, BeforeValidator(_not_blank)]

VariableName = Annotated[
    str, AfterValidator(_check_name), Field(max_length=MAX_VARIABLE_NAME_LENGTH)
]
VariableValue = (
    pydantic.StrictStr
    | pydantic.StrictInt
    | pydantic.StrictBool
    | pydantic.StrictFloat
    | dict[str, Any]
    | list[Any]
    | None
)
StrictVariableValue = Annotated[VariableValue, BeforeValidator(_check_value)]
KeyValueLabels = Annotated[
    dict[str, pydantic.StrictBool | pydantic.StrictInt | pydantic.StrictFloat | str],
    BeforeValidator(lambda given: {} if given is None else given),
]
ListOfNonEmptyStrings = Annotated[
    list[str], BeforeValidator(lambda given: [str(one) for one in given if str(one).strip()])
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda given: given.upper()),
]
StatusCode = Annotated[int, Field(ge=100, le=599)]
ArtifactKey = Annotated[str | None, AfterValidator(_check_key)]
BlockName = Annotated[str | None, AfterValidator(_check_block_name)]
