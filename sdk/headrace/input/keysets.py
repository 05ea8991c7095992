"""Under which keys a run keeps what it expects, and what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from headrace.states import State


class Keyset(TypedDict):
    """The keys of one expected input: of its answer, its JSON schema and its description."""

    description: str
    response: str
    schema: str


def keyset_from_paused_state(state: State[Any]) -> Keyset:
    """The keys of what a run in that state waits for.

    Raises:
        RuntimeError: a run in that state waits for nothing.
    """
    if not state.is_paused():
        raise RuntimeError(f"{state.type.value!r} is unsupported.")
    return keyset_from_base_key(f"{state.name.lower()}-{state.state_details.pause_key}")


def keyset_from_base_key(base_key: str) -> Keyset:
    """The keys that begin with `base_key`."""
    return {
        "description": f"{base_key}-description",
        "response": f"{base_key}-response",
        "schema": f"{base_key}-schema",
    }
