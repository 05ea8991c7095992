"""What happens to runs by the clock: schedules fire; runs that nobody takes are called Late, and in
the end are given up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import StateType, now_micros
from headrace_service import schedules
from headrace_service.ledger.apart import apart, telling
from headrace_service.ledger.deployment_schedules import (
    SCHEDULE_COLUMNS,
    ScheduleRow,
    schedule_row,
)
from headrace_service.ledger.deployments import DeploymentRow, deployment
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.models import FlowRun, Schedule, Worker
from headrace_service.ledger.overlaps import is_open, open_runs
from headrace_service.ledger.queries.blocked import blocked_by
from headrace_service.ledger.run_limits import IS_SCHEDULED, key_for
from headrace_service.ledger.run_merging import merge
from headrace_service.ledger.scheduled_runs import RunRequest, insert_run
from headrace_service.ledger.state_changes import change_flow_run
from headrace_service.ledger.steering import cancel
from headrace_service.rules import Actor
from headrace_service.schedules import InvalidSchedule, Overlap

logger = logging.getLogger("headrace_service.ledger")

#: Schedules that fire in one transaction at most.
FIRES = 100
#: Of a run: that it is a deployment's and nobody has it yet; and that it was not called Late.
_WAITS = (IS_SCHEDULED, FlowRun.deployment_id.is_null(False), FlowRun.claimed_by.is_null(True))
_IS_IN_TIME = FlowRun.state_name == "Scheduled"
_Run: Any = FlowRun.alias("run")
_Bounded: Any = Schedule.alias("schedule")
#: The tag of runs that a schedule made.
AUTO_TAG = "auto-scheduled"


class Firing(msgspec.Struct, frozen=True):
    """A schedule whose time has come: the times that it fires for, and when it does next."""

    schedule: ScheduleRow
    moments: list[int]
    coming: int | None


def due_schedules(
    db: peewee.Database, now: int, behind: ScheduleRow | None = None
) -> list[ScheduleRow]:
    """Schedules whose time has come, a hundred at most, those that wait longest first.

    Args:
        db: the database.
        now: microseconds.
        behind: the last of those before; None begins at the first.
    """
    query = Schedule.select(*SCHEDULE_COLUMNS).where(Schedule.next_fire <= now)
    if behind is not None:
        at, last = Schedule.next_fire, behind.next_fire
        query = query.where((at > last) | ((at == last) & (Schedule.id > behind.id)))
    due = query.order_by(Schedule.next_fire, Schedule.id).limit(FIRES).tuples().execute(db)
    return [schedule_row(row) for row in due]


def firings(due: Sequence[ScheduleRow], now: int) -> list[Firing]:
    """What is to become of schedules whose time has come. Some rules take their time to count.

    One whose times cannot be counted, for a reason that nobody has foreseen, is left out.
    """
    found: list[Firing] = []
    for schedule in due:
        with telling(f"the times of schedule {schedule.id} cannot be counted"):
            found.append(_firing(schedule, now))
    return found


def _firing(schedule: ScheduleRow, now: int) -> Firing:
    assert schedule.next_fire is not None
    try:
        moments = schedules.due(schedule.spec, schedule.next_fire, now, schedule.policy)
        return Firing(schedule, moments, schedules.next_fire(schedule.spec, now))
    except InvalidSchedule as error:  # its zone is none here any more, for one
        logger.error("schedule %s fires no more: %s", schedule.id, error)
        return Firing(schedule, [], None)


def fire(db: peewee.Database, wanted: Sequence[Firing]) -> list[UUID]:
    """Let schedules fire: a run, and the next time, in one transaction.

    However many do this at once, each time of a schedule makes one run. A schedule that has fired
    or was changed since it was looked at is passed over.

    Returns:
        The schedules that are dealt with; others cannot fire, and are as they were.
    """
    dealt_with: list[UUID] = []
    for firing in wanted:
        seen = firing.schedule
        same = Schedule.select(*SCHEDULE_COLUMNS).where(
            Schedule.id == seen.id, Schedule.next_fire == seen.next_fire
        )
        with apart(db, f"schedule {seen.id} cannot fire"):
            if any(schedule_row(row) == seen for row in same.tuples().execute(db)):
                _fire(db, firing)
            dealt_with.append(seen.id)
    return dealt_with


def next_fire(db: peewee.Database, after: int = 0) -> int | None:
    """When the next schedule fires, in microseconds since 1970 UTC; None when none will.

    Args:
        db: the database.
        after: times until then do not count.
    """
    soonest = Schedule.select(peewee.fn.MIN(Schedule.next_fire)).where(Schedule.next_fire > after)
    coming: int | None = soonest.scalar(db)
    return coming


def next_turn(db: peewee.Database, late: int) -> int | None:
    """When there is something to be done by the clock though nobody commits; None is never.

    0 is at every turn: workers may end or fall silent, and how long a run may wait for one is known
    by looking.

    Args:
        db: a reader's database.
        late: microseconds after which a run that waits is called Late.
    """
    if Worker.select().exists(db) or _bounded(_Run.scheduled_time > 0).exists(db):
        return 0
    first = FlowRun.select(peewee.fn.MIN(FlowRun.scheduled_time)).where(*_WAITS, _IS_IN_TIME)
    due = first.scalar(db)
    moments = [next_fire(db), None if due is None else due + late]
    return min((moment for moment in moments if moment is not None), default=None)


def _fire(db: peewee.Database, firing: Firing) -> None:
    schedule = firing.schedule
    row = deployment(db, schedule.deployment_id)
    parameters = {**msgspec.json.decode(row.parameters), **schedule.parameters}
    try:
        key = key_for(row.limit_key, row.parameter_schema, parameters)
    except InvalidInput as error:  # no other schedule is to wait until somebody mends this one
        logger.error("schedule %s of %s makes no runs: %s", schedule.id, row.full_name, error)
    else:
        for moment in firing.moments:
            _fire_for(db, schedule, row, key, parameters, moment)
    update = Schedule.update({Schedule.next_fire: firing.coming})
    update.where(Schedule.id == schedule.id).execute(db)


def _fire_for(
    db: peewee.Database,
    schedule: ScheduleRow,
    row: DeploymentRow,
    key: str | None,
    parameters: Mapping[str, Any],
    moment: int,
) -> None:
    """Make the run of one of a schedule's times, unless there is one, or another stands for it."""
    fired = FlowRun.select().where(FlowRun.schedule_id == schedule.id, FlowRun.fire_time == moment)
    if fired.exists(db) or merge(db, row, key, parameters, moment) is not None:
        return
    if _makes_way(db, schedule):
        due = moment if row.debounce is None else max(moment, now_micros() + row.debounce)
        extra = {FlowRun.schedule_id: schedule.id, FlowRun.fire_time: moment}
        wanted = RunRequest(str(row.id), tags=[AUTO_TAG])
        insert_run(db, row, wanted, parameters, due, extra)


def _makes_way(db: peewee.Database, schedule: ScheduleRow) -> bool:
    """Whether there is to be a run beside those of the schedule that have not ended."""
    overlap = schedule.policy.overlap
    if overlap not in (Overlap.SKIP, Overlap.CANCEL_RUNNING):
        return True
    before = open_runs(db, schedule.id)
    if overlap is Overlap.CANCEL_RUNNING:
        for run_id in before:
            cancel(db, run_id)
        return True
    return not before


def too_late(db: peewee.Database, now: int) -> list[UUID]:
    """Runs that have waited for longer than their schedule gives them to begin; a hundred."""
    query = _bounded(
        _Run.scheduled_time <= now,
        # One of a backfill is made long after its time.
        _Run.created_at + _Bounded.start_deadline < now,
    )
    return [run_id for (run_id,) in query.limit(FIRES).tuples().execute(db)]


def _bounded(*which: Any) -> Any:
    """Runs that nobody has yet, and whose schedule says how long they may wait.

    The few schedules are looked through first, and not the many runs that wait: a CROSS JOIN, with
    a condition on the runs' times, is what has SQLite do it so, from the index of open runs.
    """
    query = _Bounded.select(_Run.id).join(_Run, peewee.JOIN.CROSS)
    return query.where(
        _Bounded.start_deadline.is_null(False),
        _Run.schedule_id == _Bounded.id,
        is_open("run"),
        _Run.state_type == StateType.SCHEDULED.value,
        _Run.claimed_by.is_null(True),
        *which,
    )


def give_up_too_late(db: peewee.Database, now: int) -> None:
    """Cancel the runs that have waited for longer than their schedule gives them."""
    message = "It did not begin within the time that its schedule gives it."
    for run_id in too_late(db, now):
        with apart(db, f"flow run {run_id}, which is too late, cannot be cancelled"):
            change_flow_run(db, run_id, StateType.CANCELLED, "Cancelled", Actor.SERVICE, message)


def overdue(db: peewee.Database, before: int) -> list[UUID]:
    """Runs that were due before a time, wait still, and are not called Late yet; a hundred."""
    query = FlowRun.select(FlowRun.id).where(
        *_WAITS,
        FlowRun.scheduled_time < before,
        FlowRun.created_at < before,  # one of a backfill is made long after its time
        _IS_IN_TIME,
    )
    return [run_id for (run_id,) in query.limit(FIRES).tuples().execute(db)]


def mark_late(db: peewee.Database, before: int) -> None:
    """Call runs Late that were due before a time and that nobody has taken."""
    late = overdue(db, before)
    for run_id, reason in zip(late, _reasons(db, late), strict=True):
        with apart(db, f"flow run {run_id} cannot be called Late"):
            change_flow_run(db, run_id, StateType.SCHEDULED, "Late", Actor.SERVICE, reason)


def _reasons(db: peewee.Database, ids: Sequence[UUID]) -> list[str | None]:
    """What holds each run back, in words; None where nothing does, or it cannot be told."""
    reasons: list[str | None] = [None] * len(ids)
    with apart(db, "what holds back the runs that are late cannot be told"):
        for place, found in enumerate(blocked_by(db, ids)):
            reasons[place] = " ".join(blocker.message for blocker in found) or None
    return reasons
