"""Types of names, for annotations."""

from __future__ import annotations

from headrace.types import (
    BANNED_CHARACTERS,
    MAX_VARIABLE_NAME_LENGTH,
    WITHOUT_BANNED_CHARACTERS,
    ArtifactKey,
    Name,
    NameOrEmpty,
    NonEmptyishName,
    VariableName,
)
from headrace.types import BlockName as BlockDocumentName

__all__ = [
    "BANNED_CHARACTERS",
    "MAX_VARIABLE_NAME_LENGTH",
    "WITHOUT_BANNED_CHARACTERS",
    "ArtifactKey",
    "BlockDocumentName",
    "Name",
    "NameOrEmpty",
    "NonEmptyishName",
    "VariableName",
]
