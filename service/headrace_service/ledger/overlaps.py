"""Runs of one schedule that meet: they run side by side, wait, are left out, or end the earlier."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import FlowRun, Schedule
from headrace_service.schedules import Overlap

#: As text of its own: only so SQLite sees that the index of such runs serves.
_OPEN = (
    "\"{0}\".\"state_type\" IN ('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING') "
    'AND "{0}"."schedule_id" IS NOT NULL'
)
_IN_TURN = (Overlap.QUEUE.value, Overlap.CANCEL_RUNNING.value)


def is_open(alias: str) -> Any:
    """Of a run, under the name that it has in a statement: a schedule's that has not ended."""
    return peewee.SQL(_OPEN.format(alias))


_IS_OPEN = is_open("t1")


class Turns(msgspec.Struct, frozen=True):
    """Whose turn it is: by each schedule whose runs begin one after the other, the first of those
    that have not ended, which the others wait for."""

    first: dict[UUID, UUID]


def turns(db: peewee.Database) -> Turns:
    """Whose turn it is."""
    query = (
        FlowRun.select(FlowRun.schedule_id, FlowRun.id)
        .join(Schedule, on=(Schedule.id == FlowRun.schedule_id))
        .where(_IS_OPEN, Schedule.overlap.in_(_IN_TURN))
        # The one that has begun, even though a backfill may have made earlier ones since.
        .order_by(FlowRun.claimed_by.is_null(), FlowRun.scheduled_time, FlowRun.id)
    )
    first: dict[UUID, UUID] = {}
    for schedule_id, run_id in query.tuples().execute(db):
        first.setdefault(schedule_id, run_id)
    return Turns(first)


def is_in_turn() -> Any:
    """Of runs that nobody has claimed: whether they wait for no earlier run of their schedule."""
    earlier: Any = FlowRun.alias("earlier")
    comes_before = (
        earlier.claimed_by.is_null(False)
        | (earlier.scheduled_time < FlowRun.scheduled_time)
        | ((earlier.scheduled_time == FlowRun.scheduled_time) & (earlier.id < FlowRun.id))
    )
    query = (
        earlier.select(peewee.SQL("1"))
        .join(Schedule, on=(Schedule.id == earlier.schedule_id))
        .where(
            is_open("earlier"),
            earlier.schedule_id == FlowRun.schedule_id,
            earlier.id != FlowRun.id,
            Schedule.overlap.in_(_IN_TURN),
            comes_before,
        )
    )
    return ~peewee.fn.EXISTS(query)


def open_runs(db: peewee.Database, schedule_id: UUID) -> list[UUID]:
    """The runs of a schedule that have not ended, the oldest first."""
    query = FlowRun.select(FlowRun.id).where(_IS_OPEN, FlowRun.schedule_id == schedule_id)
    return [key for (key,) in query.order_by(FlowRun.scheduled_time).tuples().execute(db)]
