"""Runs for times of a deployment's schedules at which there was none: before it was deployed, while
it rested, or while nobody looked."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import msgspec
import peewee

from headrace_service import schedules
from headrace_service.ledger.deployment_schedules import ScheduleRow, schedules_of
from headrace_service.ledger.deployments import deployment
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.models import FlowRun
from headrace_service.ledger.scheduled_runs import RunRequest, insert_run

#: Runs that one call makes at most.
MOST = 1_000
#: The tag of runs that were made so.
BACKFILL_TAG = "backfill"


class Filled(NamedTuple):
    """A time, in microseconds since 1970 UTC, and the run that was made for it, if one was."""

    time: int
    flow_run_id: UUID | None


def backfill(
    db: peewee.Database, which: str, since: int, until: int, dry_run: bool
) -> list[Filled]:
    """Make a run for each time of the schedules from `since` to `until` that has none.

    They are due at once, the oldest first, and know their times. A schedule that rests counts, too.

    Args:
        which: the deployment's id, or its full name.
        since, until: microseconds since 1970 UTC; both ends count.
        dry_run: only tell the times.

    Raises:
        NotFound: there is no such deployment.
        InvalidInput: it has no schedule, the end is before the beginning, or there are more than
            `MOST` times.
    """
    if until < since:
        raise InvalidInput("it is before the time that the stretch begins with", "to")
    row = deployment(db, which)
    mine = schedules_of(db, [row.id])[0]
    if not mine:
        raise InvalidInput(f"deployment {row.full_name!r} has no schedule", "deployment")
    wanted = sorted(
        (time, each.id, each) for each in mine for time in _missing(db, each, since, until)
    )
    if len(wanted) > MOST:
        raise InvalidInput(f"there are more than {MOST} times; ask for a shorter stretch", "to")
    if dry_run:
        return [Filled(time, None) for time, _, _ in wanted]
    request = RunRequest(str(row.id), tags=[BACKFILL_TAG])
    filled = []
    for time, key, schedule in wanted:
        parameters = {**msgspec.json.decode(row.parameters), **schedule.parameters}
        extra = {FlowRun.schedule_id: key, FlowRun.fire_time: time}
        run_id = insert_run(db, row, request, parameters, time, extra)
        filled.append(Filled(time, run_id))
    return filled


def _missing(db: peewee.Database, schedule: ScheduleRow, since: int, until: int) -> list[int]:
    """The times of a schedule for which there is no run."""
    times = schedules.first_between(schedule.spec, since - 1, until, MOST + 1)
    query = FlowRun.select(FlowRun.fire_time).where(
        FlowRun.schedule_id == schedule.id, FlowRun.fire_time.between(since, until)
    )
    there = {time for (time,) in query.tuples().execute(db)}
    return [time for time in times if time not in there]
