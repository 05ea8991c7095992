"""Revisions: whoever edits a thing can insist that nobody has since they looked at it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import peewee

from headrace_service.ledger.errors import Conflict


def check_revision(noun: str, current: int, expected: int | None) -> None:
    """Refuse an edit of what was edited since.

    Args:
        noun: what is edited, for people: `variable 'size'`.
        current: the revision that it is at.
        expected: the one that the editor has seen; None edits whatever is there.

    Raises:
        Conflict: they differ; `revision` is the current one.
    """
    if expected is not None and expected != current:
        message = f"{noun} is at revision {current}, no longer at {expected}: look at it again"
        raise Conflict(message, "expectedRevision", current)


def revise(db: peewee.Database, table: Any, key: UUID, noun: str, expected: int | None) -> None:
    """Begin the next revision of a row that is there; `check_revision` tells what is refused."""
    query = table.select(table.revision).where(table.id == key)
    ((current,),) = query.tuples().execute(db)
    check_revision(noun, current, expected)
    table.update({table.revision: current + 1}).where(table.id == key).execute(db)
