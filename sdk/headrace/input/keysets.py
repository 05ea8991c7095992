"""Under which keys a run keeps what it expects, and what it was given."""

from __future__ import annotations

from typing import TypedDict


class Keyset(TypedDict):
    """The keys of one expected input: of its answer, its JSON schema and its description."""

    description: str
    response: str
    schema: str


def keyset_from_base_key(base_key: str) -> Keyset:
    """The keys that begin with `base_key`."""
    return {
        "description": f"{base_key}-description",
        "response": f"{base_key}-response",
        "schema": f"{base_key}-schema",
    }
