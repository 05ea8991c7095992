"""The schedules of deployments: what is known of them, and what changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee
import uuid_utils

from headrace.records import Name, now_micros
from headrace_service import schedules
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import InvalidInput, NotFound
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import Deployment, Schedule
from headrace_service.ledger.revisions import revise
from headrace_service.schedules import (
    Catchup,
    InvalidSchedule,
    Overlap,
    SchedulePolicy,
    ScheduleSpec,
)

#: Schedules of one deployment.
MAX_SCHEDULES = 100


class ScheduleRow(msgspec.Struct, frozen=True):
    """A schedule. Times are in microseconds since 1970 UTC.

    `declared` is how it was deployed last, as text; None of one that somebody has added by hand.
    """

    id: UUID
    deployment_id: UUID
    slug: str | None
    spec: ScheduleSpec
    parameters: dict[str, Any]
    active: bool
    next_fire: int | None
    policy: SchedulePolicy
    revision: int
    declared: str | None


class ScheduleInput(msgspec.Struct, frozen=True):
    """A schedule as it is asked for. `active` may be None: it stays, and a new one makes runs."""

    spec: ScheduleSpec
    slug: Name | None = None
    parameters: dict[str, Any] = {}
    active: bool | None = None
    policy: SchedulePolicy = SchedulePolicy()


def schedules_of(db: peewee.Database, ids: Sequence[UUID]) -> list[list[ScheduleRow]]:
    """The schedules of each deployment, in the order of their creation."""
    query = Schedule.select(*SCHEDULE_COLUMNS).where(Schedule.deployment_id.in_(list(ids)))
    found: dict[UUID, list[ScheduleRow]] = {key: [] for key in ids}
    for row in query.order_by(Schedule.id).tuples().execute(db):
        found[row[1]].append(schedule_row(row))
    return [found[key] for key in ids]


#: The columns that `schedule_row` takes.
SCHEDULE_COLUMNS = (
    Schedule.id,
    Schedule.deployment_id,
    Schedule.slug,
    Schedule.spec,
    Schedule.parameters,
    Schedule.active,
    Schedule.next_fire,
    Schedule.catchup,
    Schedule.catchup_max,
    Schedule.catchup_window,
    Schedule.overlap,
    Schedule.start_deadline,
    Schedule.revision,
    Schedule.declared,
)


def schedule_row(row: Sequence[Any]) -> ScheduleRow:
    """The row of a schedule, from its columns."""
    key, owner, slug, spec, parameters, active, next_fire, *policy = row
    catchup, most, window, overlap, deadline, revision, declared = policy
    return ScheduleRow(
        key,
        owner,
        slug,
        msgspec.json.decode(spec, type=ScheduleSpec),
        msgspec.json.decode(parameters),
        active,
        next_fire,
        SchedulePolicy(Catchup(catchup), most, window, Overlap(overlap), deadline),
        revision,
        declared,
    )


# -- changing ---------------------------------------------------------------------------------


def apply_schedules(
    db: peewee.Database, deployment_id: UUID, wanted: Sequence[ScheduleInput], now: int
) -> None:
    """Keep the schedules that are deployed again; add what is new, and drop what was deployed once.

    A schedule is the same when it was deployed in the same words, has the same slug or, without
    one, the same times. In the same words it is left alone: whatever somebody has changed by hand
    stays, as do the schedules that somebody has added.

    Raises:
        InvalidInput: one makes no sense, or there would be more than a deployment may have.
    """
    before = schedules_of(db, [deployment_id])[0]
    kept: set[UUID] = set()
    for index, schedule in enumerate(wanted):
        field, declared = f"schedules[{index}]", _declaration(schedule)
        others = [old for old in before if old.id not in kept]
        same = next((old for old in others if old.declared == declared), None)
        if same is None:
            same = next((old for old in others if _is_same(old, schedule)), None)
            if same is not None:
                revise(db, Schedule, same.id, f"schedule {same.id}", None)
            key = _put(db, deployment_id, schedule, same, now, field, {Schedule.declared: declared})
        else:
            key = same.id
            if schedule.active is not None:
                update = Schedule.update({Schedule.active: schedule.active})
                update.where(Schedule.id == key).execute(db)
        kept.add(key)
    gone = [old.id for old in before if old.id not in kept and old.declared is not None]
    Schedule.delete().where(Schedule.id.in_(gone)).execute(db)
    if len(schedules_of(db, [deployment_id])[0]) > MAX_SCHEDULES:
        raise InvalidInput(f"a deployment has at most {MAX_SCHEDULES} schedules", "schedules")


def schedule(db: peewee.Database, schedule_id: UUID) -> ScheduleRow:
    """A schedule by its id.

    Raises:
        NotFound: there is none.
    """
    query = Schedule.select(*SCHEDULE_COLUMNS).where(Schedule.id == schedule_id)
    for row in query.tuples().execute(db):
        return schedule_row(row)
    raise NotFound(f"there is no schedule {schedule_id}; see `headrace schedule ls`", "id")


def create_schedule(
    db: peewee.Database,
    deployment_id: UUID,
    wanted: ScheduleInput,
    idempotency_key: str | None = None,
) -> ScheduleRow:
    """Give a deployment one more schedule.

    With an idempotency key that was given before, it is the one that was made then.

    Raises:
        InvalidInput: it makes no sense, or the deployment has as many as it may.
        Conflict: something else was asked for under the key.
        NotFound: what was made under the key has been deleted.
    """
    once = Once("createSchedule", idempotency_key, (deployment_id, wanted))
    if (made := once.made(db)) is not None:
        return schedule(db, made)
    if len(schedules_of(db, [deployment_id])[0]) >= MAX_SCHEDULES:
        raise InvalidInput(f"a deployment has at most {MAX_SCHEDULES} schedules", "deployment")
    now = now_micros()
    _refuse_ended(wanted.spec, now)
    key = _put(db, deployment_id, wanted, None, now, "schedule")
    once.note(db, key)
    _plan(db, deployment_id, now)
    return schedule(db, key)


def update_schedule(
    db: peewee.Database, schedule_id: UUID, wanted: ScheduleInput, expected: int | None = None
) -> ScheduleRow:
    """Let a schedule be as it is asked for, from now on; one with the same times goes on.

    Raises:
        NotFound: there is no such schedule.
        Conflict: it is not at the revision that is expected.
        InvalidInput: it makes no sense.
    """
    old, now = schedule(db, schedule_id), now_micros()
    revise(db, Schedule, old.id, f"schedule {old.id}", expected)
    if not _same_times(old.spec, wanted.spec):
        _refuse_ended(wanted.spec, now)
    _put(db, old.deployment_id, wanted, old, now, "schedule")
    Schedule.update({Schedule.slug: wanted.slug}).where(Schedule.id == old.id).execute(db)
    _plan(db, old.deployment_id, now)
    return schedule(db, schedule_id)


def set_schedule_active(
    db: peewee.Database, schedule_id: UUID, active: bool, expected: int | None = None
) -> ScheduleRow:
    """Let a schedule rest, or go on from now.

    Raises:
        NotFound: there is no such schedule.
        Conflict: it is not at the revision that is expected.
    """
    old = schedule(db, schedule_id)
    revise(db, Schedule, old.id, f"schedule {old.id}", expected)
    Schedule.update({Schedule.active: active}).where(Schedule.id == old.id).execute(db)
    _plan(db, old.deployment_id, now_micros())
    return schedule(db, schedule_id)


def delete_schedule(db: peewee.Database, schedule_id: UUID) -> UUID:
    """Forget a schedule; its runs stay. Returns its id.

    Raises:
        NotFound: there is no such schedule.
    """
    key = schedule(db, schedule_id).id
    Schedule.delete().where(Schedule.id == key).execute(db)
    return key


def plan_schedules(db: peewee.Database, deployment_id: UUID, now: int, *, paused: bool) -> None:
    """Give each schedule that is to fire a next time, and take it from the others."""
    for schedule in schedules_of(db, [deployment_id])[0]:
        moves = schedule.active and not paused
        if moves == (schedule.next_fire is not None):
            continue
        coming = schedules.next_fire(schedule.spec, now) if moves else None
        update = Schedule.update({Schedule.next_fire: coming})
        update.where(Schedule.id == schedule.id).execute(db)


def _plan(db: peewee.Database, deployment_id: UUID, now: int) -> None:
    query = Deployment.select(Deployment.paused).where(Deployment.id == deployment_id)
    for (paused,) in query.tuples().execute(db):
        plan_schedules(db, deployment_id, now, paused=paused)


def _refuse_ended(spec: ScheduleSpec, now: int) -> None:
    """Refuse a rule that is over. What is deployed may be: its code stays as rules come to an end.

    Raises:
        InvalidInput: it never fires any more, or makes no sense.
    """
    try:
        schedules.check(spec, now)
    except InvalidSchedule as error:
        raise InvalidInput(str(error), "schedule") from None
    if schedules.next_fire(spec, now) is None:
        over = f"rrule {str(spec.rrule)[:200]!r} never comes to a time"
        raise InvalidInput(f"{over}; without a DTSTART it counts from 2020-01-01", "schedule")


def _put(
    db: peewee.Database,
    deployment_id: UUID,
    wanted: ScheduleInput,
    old: ScheduleRow | None,
    now: int,
    field: str,
    also: Mapping[Any, Any] | None = None,
) -> UUID:
    """Write a schedule, over `old` if there is one, and other columns with it. Returns its id."""
    spec, policy = wanted.spec, wanted.policy
    if spec.interval is not None and spec.anchor == 0:
        spec = msgspec.structs.replace(spec, anchor=now)
    try:
        schedules.check(spec, now)
    except InvalidSchedule as error:
        raise InvalidInput(str(error), field) from None
    values: dict[Any, Any] = {
        Schedule.parameters: json_text(wanted.parameters),
        Schedule.catchup: policy.catchup.value,
        Schedule.catchup_max: policy.catchup_max,
        Schedule.catchup_window: policy.catchup_window,
        Schedule.overlap: policy.overlap.value,
        Schedule.start_deadline: policy.start_deadline,
        **(also or {}),
    }
    if old is None or wanted.active is not None:
        values[Schedule.active] = wanted.active is not False
    if old is None or not _same_times(old.spec, wanted.spec):
        values |= {Schedule.spec: json_text(spec), Schedule.next_fire: None}
    if old is not None:
        Schedule.update(values).where(Schedule.id == old.id).execute(db)
        return old.id
    key = UUID(bytes=uuid_utils.uuid7().bytes)
    new = {
        Schedule.id: key,
        Schedule.deployment_id: deployment_id,
        Schedule.slug: wanted.slug,
        Schedule.created_at: now,
    }
    Schedule.insert({**new, **values}).execute(db)
    return key


def _declaration(wanted: ScheduleInput) -> str:
    """A deployed schedule's own words; whether it is active is no part of them."""
    own = msgspec.structs.replace(wanted, active=None)
    return msgspec.json.encode(own, order="deterministic").decode()


def _is_same(old: ScheduleRow, wanted: ScheduleInput) -> bool:
    if old.slug != wanted.slug:
        return False
    return wanted.slug is not None or _same_times(old.spec, wanted.spec)


def _same_times(old: ScheduleSpec, wanted: ScheduleSpec) -> bool:
    """Whether two schedules fire at the same times; an interval without an anchor keeps the old."""
    if wanted.interval is not None and wanted.anchor == 0:
        wanted = msgspec.structs.replace(wanted, anchor=old.anchor)
    return old == wanted
