"""Which flow run a command is about: it is called by its id or by its name."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from headrace.cli.output import fail, perform, show_line


def is_id(text: str) -> bool:
    """Whether it is written as an id is."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def newest_of(name: str, ids: Sequence[str]) -> str:
    """The first of the runs of a name, the newest first; that there are others is said beside it.

    Args:
        name: what they are called.
        ids: theirs, of which there is at least one.
    """
    if len(ids) > 1:
        show_line(f"{len(ids)} flow runs are named {name!r}; this is the newest, {ids[0]}.", True)
    return ids[0]


def find_flow_run(wanted: str) -> str:
    """The id of the flow run that is called so; if there is none, one line and exit code 1."""
    ids = _called(wanted)
    return newest_of(wanted, ids) if ids else fail(f"there is no flow run {wanted!r}")


def find_one_flow_run(wanted: str) -> str:
    """The same for what changes the run: a name that several runs have is refused."""
    if len(ids := _called(wanted)) > 1:
        fail(f"{len(ids)} flow runs are named {wanted!r}; give the id: {', '.join(ids[:5])}")
    return ids[0] if ids else fail(f"there is no flow run {wanted!r}")


def _called(wanted: str) -> list[str]:
    if is_id(wanted):
        return [wanted]
    from headrace.client import operations

    page = perform(operations.flow_runs(names=[wanted], first=200))
    return [run["id"] for run in page["nodes"]]
