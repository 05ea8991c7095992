"""What is going to run: runs that wait for their time, and the times at which schedules fire."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service import schedules
from headrace_service.ledger.models import FlowRun, Schedule
from headrace_service.schedules import InvalidSchedule, ScheduleSpec

#: As a text of its own: only so SQLite sees that the partial index has all such runs.
_IS_SCHEDULED = peewee.SQL('"run"."state_type" = \'SCHEDULED\'')

#: How much of what is coming is told at once.
MOST = 200


class Upcoming(msgspec.Struct, frozen=True, order=True):
    """A run that waits (`flow_run_id`), or a time of a schedule for which there is none yet.

    `at` is in microseconds since 1970 UTC.
    """

    at: int
    deployment_id: UUID
    flow_run_id: UUID | None
    schedule_id: UUID | None


class Coming(msgspec.Struct, frozen=True):
    """A schedule that is to fire."""

    id: UUID
    deployment_id: UUID
    spec: ScheduleSpec
    next_fire: int


def waiting_runs(db: peewee.Database, deployment_id: UUID | None, limit: int) -> list[Upcoming]:
    """The runs of deployments that wait, those first that are due first.

    It costs as much as all that wait: of those that have ended it sees nothing.
    """
    run: Any = FlowRun.alias("run")
    query = run.select(run.scheduled_time, run.deployment_id, run.id, run.schedule_id).where(
        _IS_SCHEDULED, run.deployment_id.is_null(False), run.scheduled_time.is_null(False)
    )
    if deployment_id is not None:
        query = query.where(run.deployment_id == deployment_id)
    rows = query.order_by(run.scheduled_time, run.id).limit(limit).tuples().execute(db)
    return [Upcoming(*row) for row in rows]


def firing_schedules(db: peewee.Database, deployment_id: UUID | None, limit: int) -> list[Coming]:
    """The schedules that fire first; later ones than `limit` of them fire after all of these."""
    query = Schedule.select(
        Schedule.id, Schedule.deployment_id, Schedule.spec, Schedule.next_fire
    ).where(Schedule.next_fire.is_null(False))
    if deployment_id is not None:
        query = query.where(Schedule.deployment_id == deployment_id)
    rows = query.order_by(Schedule.next_fire).limit(limit).tuples().execute(db)
    return [
        Coming(key, owner, msgspec.json.decode(spec, type=ScheduleSpec), coming)
        for key, owner, spec, coming in rows
    ]


def merged(waiting: list[Upcoming], firing: list[Coming], limit: int) -> list[Upcoming]:
    """What comes first of the runs and the schedules' times, which are computed here."""
    times = [_times(each) for each in firing]
    return list(islice(heapq.merge(waiting, *times, key=lambda each: each.at), limit))


def fire_times(spec: ScheduleSpec, first: int, limit: int) -> list[int]:
    """The times at which a schedule fires from `first` on, which is one of them."""
    return list(islice(_moments(spec, first), limit))


def _times(firing: Coming) -> Iterator[Upcoming]:
    for moment in _moments(firing.spec, firing.next_fire):
        yield Upcoming(moment, firing.deployment_id, None, firing.id)


def _moments(spec: ScheduleSpec, first: int) -> Iterator[int]:
    moment: int | None = first
    while moment is not None:
        yield moment
        try:
            moment = schedules.next_fire(spec, moment)
        except InvalidSchedule:  # its zone is none here any more, for one
            return
