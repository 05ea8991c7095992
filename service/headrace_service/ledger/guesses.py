"""Ends of runs that were guessed, since their process was taken for dead.

What the process had said by then, and could not deliver, may still correct them.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import peewee

from headrace_service.ledger.models import FlowRun, Reaping, TaskRun


def note(db: peewee.Database, client_ids: Sequence[UUID], now: int) -> None:
    """Note that the processes of these streams were taken for dead at `now`, in microseconds."""
    rows = [{Reaping.client_id: client_id, Reaping.at: now} for client_id in client_ids]
    if rows:
        Reaping.insert_many(rows).on_conflict_ignore().execute(db)


def is_guess(
    db: peewee.Database, model: type[FlowRun] | type[TaskRun], run_id: UUID, client_id: UUID
) -> bool:
    """Whether a run of this stream is in a state that was guessed when its process was taken for
    dead, and that neither the run nor a user has told.
    """
    that = (Reaping.client_id == model.client_id) & (Reaping.at == model.state_timestamp)
    query = model.select(model.id).join(Reaping, on=that)
    return bool(query.where(model.id == run_id, model.client_id == client_id).exists(db))
