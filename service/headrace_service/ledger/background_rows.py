"""The rows of task runs that are, or were, at task workers: asked for and removed by the fold."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from uuid import UUID

import peewee

from headrace_service.ledger.models import BackgroundRun
from headrace_service.ledger.statements import Statement, portions


@functools.cache
def _epochs(count: int) -> Statement:
    places = ", ".join("?" * count)
    return Statement(
        f'SELECT "task_run_id", "epoch" FROM "background_run" WHERE "task_run_id" IN ({places})'
    )


def current_epochs(db: peewee.Database, run_ids: Collection[UUID]) -> dict[UUID, int]:
    """The numbers of runs' last claims.

    A run that has ended has none. The claim of it is over, but nobody else has it: what may still
    be said of such a run is for the rules to know.
    """
    found: dict[UUID, int] = {}
    for some in portions(run_ids):
        rows = _epochs(len(some)).run(db, *[each.bytes for each in some])
        found |= {UUID(bytes=key): epoch for key, epoch in rows.fetchall()}
    return found


def forget(db: peewee.Database, run_ids: Sequence[UUID]) -> None:
    """Let go of runs that have ended, and of their arguments; others do not matter."""
    if run_ids:
        BackgroundRun.delete().where(BackgroundRun.task_run_id.in_(list(run_ids))).execute(db)
