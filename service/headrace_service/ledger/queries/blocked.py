"""What holds runs back that wait: what the ledger knows that bears on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import peewee

from headrace.records import SlotHolder, now_micros
from headrace_service.admission import Capacity, Held, capacity_of
from headrace_service.blocking import (
    Blocker,
    Hand,
    Limited,
    Pool,
    Reason,
    Waiting,
    blockers,
    in_line,
    unserved,
)
from headrace_service.ledger.models import (
    BackgroundRun,
    ConcurrencyLimit,
    Deployment,
    Flow,
    FlowRun,
    Slot,
    TaskRun,
    Waiter,
    Worker,
    WorkPool,
    WorkQueue,
)
from headrace_service.ledger.overlaps import turns
from headrace_service.ledger.run_limits import (
    limit_of_deployment,
    limit_of_pool,
    limit_of_queue,
    limits_of_run,
)

_WAITING = ("SCHEDULED", "PAUSED")
#: As text of its own: only so SQLite sees that the index of runs that are under way serves.
_IS_UNDER_WAY = peewee.SQL(
    "\"t1\".\"state_type\" IN ('PENDING', 'RUNNING', 'CANCELLING') "
    'AND "t1"."claimed_by" IS NOT NULL'
)

#: How the names of limits begin that are of something, and what it means that one is full.
_OWNED = {
    limit_of_pool(""): Reason.POOL_LIMIT,
    limit_of_queue("", "").removesuffix("/"): Reason.QUEUE_LIMIT,
    limit_of_deployment(""): Reason.DEPLOYMENT_LIMIT,
}

_holder = msgspec.json.Decoder(SlotHolder).decode


def blocked_by(db: peewee.Database, ids: Sequence[UUID]) -> list[list[Blocker]]:
    """What holds each run back; nothing for one that runs, has ended, or is not there."""
    now = now_micros()
    waiting = _waiting(db, ids, now)
    if not waiting:
        return [[] for _ in ids]
    workers = _workers(db, now)
    return [blockers(waiting[key], workers, now) if key in waiting else [] for key in ids]


def _waiting(db: peewee.Database, ids: Sequence[UUID], now: int) -> dict[UUID, Waiting]:
    """Those of the runs that wait, with their deployment, queue and pool."""
    of_run = (FlowRun.id, FlowRun.state_type, FlowRun.state_name, FlowRun.claimed_by)
    of_deployment = (FlowRun.deployment_id, Flow.name, Deployment.name)
    of_limits = (FlowRun.limit_key, Deployment.limits)
    of_pool = (WorkPool.id, WorkPool.name, WorkPool.paused, WorkQueue.name, WorkQueue.paused)
    query: Any = FlowRun.select(
        *of_run, FlowRun.scheduled_time, FlowRun.schedule_id, *of_deployment, *of_limits, *of_pool
    )
    query = (
        query.join(Flow, on=(Flow.id == FlowRun.flow_id))
        .left_outer_join(Deployment, on=(Deployment.id == FlowRun.deployment_id))
        .left_outer_join(WorkQueue, on=(WorkQueue.id == FlowRun.work_queue_id))
        .left_outer_join(WorkPool, on=(WorkPool.id == WorkQueue.work_pool_id))
        .where(FlowRun.id.in_(list(ids)), FlowRun.state_type.in_(_WAITING))
    )
    first = turns(db).first
    found: dict[UUID, Waiting] = {}
    limited: dict[UUID, tuple[str, list[str]]] = {}
    for row in query.tuples().execute(db):
        run_id, kind, name, claimed_by, due, schedule, owner, flow, own, key, named, *pool = row
        where = None if pool[0] is None else Pool(*pool)
        full_name = f"{flow}/{own}"
        ahead = first.get(schedule)
        found[run_id] = Waiting(
            kind,
            name,
            claimed_by is not None,
            due,
            owner,
            full_name,
            where,
            behind=None if ahead == run_id else ahead,
        )
        if owner is not None and named is not None:
            names = msgspec.json.decode(named, type=list[str])
            queue = None if where is None else (where.name, where.queue)
            limited[run_id] = (key or "", limits_of_run(full_name, names, queue))
    every = {name for _, names in limited.values() for name in names}
    found_limits = _limits(db, ConcurrencyLimit.name.in_(list(every)), now).values()
    limits = {limit.name: limit for limit in found_limits}
    for run_id, (key, names) in limited.items():
        mine = [_limited(limits[name], key) for name in names if name in limits]
        found[run_id] = msgspec.structs.replace(found[run_id], limits=mine)
    return found


def task_runs_blocked_by(db: peewee.Database, ids: Sequence[UUID]) -> list[list[Blocker]]:
    """What each task run waits for; nothing for one that does not wait.

    These are the slots of limits, those of its tags or of a block of its code, and a worker that
    serves the task of a background run.
    """
    now, wanted = now_micros(), set(ids)
    of_waiter = (Waiter.limit_id, Waiter.occupied, Waiter.key, Waiter.holder)
    waiters = Waiter.select(*of_waiter).where(Waiter.until > now).tuples().execute(db)
    rows = [
        (run_id, limit_id, occupied, key)
        for limit_id, occupied, key, holder in waiters
        if (run_id := _holder(holder).task_run_id) in wanted
    ]
    limits = _limits(db, ConcurrencyLimit.id.in_([row[1] for row in rows]), now) if rows else {}
    found = _unserved(db, ids, now)
    for run_id, limit_id, occupied, key in rows:
        if limit_id in limits:
            limit = _limited(limits[limit_id], key)
            found.setdefault(run_id, []).append(in_line(limit, occupied, now))
    return [found.get(run_id, []) for run_id in ids]


def _unserved(db: peewee.Database, ids: Sequence[UUID], now: int) -> dict[UUID, list[Blocker]]:
    """Those of the task runs that wait in the background, and whose task nobody serves."""
    columns = (BackgroundRun.task_run_id, TaskRun.task_name, BackgroundRun.task_key)
    query: Any = BackgroundRun.select(*columns)
    query = query.join(TaskRun, on=(TaskRun.id == BackgroundRun.task_run_id))
    query = query.where(
        BackgroundRun.task_run_id.in_(list(ids)), BackgroundRun.claimed_by.is_null()
    )
    waiting = list(query.tuples().execute(db))
    if not waiting:
        return {}
    alive = Worker.select(Worker.task_keys).where(
        Worker.lease_until >= now, Worker.task_keys.is_null(False)
    )
    served = {key for (keys,) in alive.tuples().execute(db) for key in _names(keys) or ()}
    return {run_id: [unserved(name, key)] for run_id, name, key in waiting if key not in served}


class _Limit(NamedTuple):
    """A limit, with what is taken of it and by whom."""

    name: str
    capacity: Capacity
    held: list[tuple[Held, SlotHolder]]


def _limits(db: peewee.Database, which: peewee.Expression, now: int) -> Mapping[UUID, _Limit]:
    """Some limits by their ids."""
    columns = ("id", "name", "slots", "decay", "active", "total")
    query = ConcurrencyLimit.select(*[getattr(ConcurrencyLimit, each) for each in columns])
    rows = query.where(which).tuples().execute(db)
    limits = {row[0]: _Limit(row[1], capacity_of(*row[1:]), []) for row in rows}
    of_slot = (Slot.limit_id, Slot.occupied, Slot.since, Slot.until, Slot.key, Slot.holder)
    taken = Slot.select(*of_slot).where(Slot.limit_id.in_(list(limits)), Slot.until > now)
    for limit_id, *slot, holder in taken.order_by(Slot.since).tuples().execute(db):
        limits[limit_id].held.append((Held(*slot), _holder(holder)))
    return limits


def _limited(limit: _Limit, key: str) -> Limited:
    """What there is of a limit for a key: what others hold bears on it where they share a total."""
    name, capacity, every = limit
    held = [each for each in every if capacity.total is not None or each[0].key == key]
    holders = [holder.flow_run_id for _, holder in held if holder.flow_run_id is not None]
    tasks = [holder.task_run_id for _, holder in held if holder.task_run_id is not None]
    slots = [slot for slot, _ in held]
    for beginning, reason in _OWNED.items():
        if name.startswith(beginning):
            owner = name.removeprefix(beginning)
            return Limited(reason, owner, capacity, slots, holders, tasks, key)
    return Limited(Reason.CONCURRENCY_LIMIT, name, capacity, slots, holders, tasks, key)


def _workers(db: peewee.Database, now: int) -> list[Hand]:
    """The workers that live, with the runs that they have."""
    held: dict[UUID, list[UUID]] = {}
    query = FlowRun.select(FlowRun.claimed_by, FlowRun.id).where(_IS_UNDER_WAY)
    for worker, run_id in query.tuples().execute(db):
        held.setdefault(worker, []).append(run_id)
    of_worker = (Worker.id, Worker.work_pool_id, Worker.deployment_ids, Worker.capacity)
    alive = Worker.select(*of_worker, Worker.queue_names).where(Worker.lease_until >= now)
    return [
        Hand(pool, _ids(serves), capacity, held.get(key, []), _names(queues))
        for key, pool, serves, capacity, queues in alive.tuples().execute(db)
    ]


def _ids(text: str | None) -> list[UUID]:
    return [] if text is None else msgspec.json.decode(text, type=list[UUID])


def _names(text: str | None) -> list[str] | None:
    return None if text is None else msgspec.json.decode(text, type=list[str])
