"""The rows of task runs that are, or were, at task workers: asked for and removed by the fold."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import peewee

from headrace_service.ledger.models import BackgroundRun


def is_superseded(db: peewee.Database, run_id: UUID, epoch: int) -> bool:
    """Whether a run has been claimed anew since the claim of that number.

    The claim of a run that has ended is over, but nobody else has it: what may still be said of
    such a run is for the rules to know.
    """
    query = BackgroundRun.select(BackgroundRun.epoch).where(BackgroundRun.task_run_id == run_id)
    return any(current != epoch for (current,) in query.tuples().execute(db))


def forget(db: peewee.Database, run_ids: Sequence[UUID]) -> None:
    """Let go of runs that have ended, and of their arguments; others do not matter."""
    if run_ids:
        BackgroundRun.delete().where(BackgroundRun.task_run_id.in_(list(run_ids))).execute(db)
