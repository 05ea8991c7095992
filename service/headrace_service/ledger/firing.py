"""What happens to runs by the clock: schedules fire, and runs that nobody takes are called Late."""

from __future__ import annotations

import logging
from uuid import UUID

import msgspec
import peewee

from headrace.records import StateType
from headrace_service import schedules
from headrace_service.ledger.deployments import ScheduleRow, deployment, schedule_row
from headrace_service.ledger.models import FlowRun, Schedule
from headrace_service.ledger.run_limits import IS_SCHEDULED
from headrace_service.ledger.scheduled_runs import RunRequest, insert_run
from headrace_service.ledger.state_changes import change_flow_run
from headrace_service.rules import Actor
from headrace_service.schedules import InvalidSchedule

logger = logging.getLogger("headrace_service.ledger")

#: Schedules that fire in one transaction at most.
FIRES = 100
#: The tag of runs that a schedule made.
AUTO_TAG = "auto-scheduled"


def fire_due(db: peewee.Database, now: int) -> int | None:
    """Let every schedule whose time has come fire: a run, and its next time, in one transaction.

    However many do this at once, each time of a schedule makes one run.

    Returns:
        When the next schedule fires, in microseconds since 1970 UTC; None when none will.
    """
    columns = [getattr(Schedule, name) for name in ScheduleRow.__struct_fields__]
    query = Schedule.select(*columns).where(Schedule.next_fire <= now)
    due = query.order_by(Schedule.next_fire).limit(FIRES).tuples().execute(db)
    for row in list(due):
        _fire(db, schedule_row(row), now)
    coming: int | None = Schedule.select(peewee.fn.MIN(Schedule.next_fire)).scalar(db)
    return coming


def next_fire(db: peewee.Database) -> int | None:
    """When the next schedule fires; None when none will."""
    coming: int | None = Schedule.select(peewee.fn.MIN(Schedule.next_fire)).scalar(db)
    return coming


def _fire(db: peewee.Database, schedule: ScheduleRow, now: int) -> None:
    assert schedule.next_fire is not None
    row = deployment(db, schedule.deployment_id)
    parameters = {**msgspec.json.decode(row.parameters), **schedule.parameters}
    wanted = RunRequest(str(row.id), tags=[AUTO_TAG])
    try:
        moments = schedules.due(schedule.spec, schedule.next_fire, now, schedule.catchup)
        coming = schedules.next_fire(schedule.spec, now)
    except InvalidSchedule as error:  # its zone is none here any more, for one
        logger.error("a schedule of deployment %r fires no more: %s", row.full_name, error)
        moments, coming = [], None
    for moment in moments:
        fired = FlowRun.select().where(
            FlowRun.schedule_id == schedule.id, FlowRun.scheduled_time == moment
        )
        if not fired.exists(db):
            extra = {FlowRun.schedule_id: schedule.id}
            insert_run(db, row, wanted, parameters, moment, extra)
    Schedule.update({Schedule.next_fire: coming}).where(Schedule.id == schedule.id).execute(db)


def overdue(db: peewee.Database, before: int) -> list[UUID]:
    """Runs that were due before a time, wait still, and are not called Late yet; a hundred."""
    query = FlowRun.select(FlowRun.id).where(
        IS_SCHEDULED,
        FlowRun.deployment_id.is_null(False),
        FlowRun.claimed_by.is_null(True),
        FlowRun.scheduled_time < before,
        FlowRun.state_name == "Scheduled",
    )
    return [run_id for (run_id,) in query.limit(FIRES).tuples().execute(db)]


def mark_late(db: peewee.Database, before: int) -> None:
    """Call runs Late that were due before a time and that nobody has taken."""
    for run_id in overdue(db, before):
        change_flow_run(db, run_id, StateType.SCHEDULED, "Late", Actor.SERVICE)
