"""What holds runs back that wait: what the ledger knows that bears on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import peewee

from headrace.records import now_micros
from headrace_service.blocking import Around, Blocker, Pool, Waiting, blockers
from headrace_service.ledger.models import Deployment, Flow, FlowRun, Worker, WorkPool, WorkQueue

_WAITING = ("SCHEDULED", "PAUSED")
#: As text of its own: only so SQLite sees that the index of runs that are under way serves.
_IS_UNDER_WAY = peewee.SQL(
    "\"t1\".\"state_type\" IN ('PENDING', 'RUNNING', 'CANCELLING') "
    'AND "t1"."claimed_by" IS NOT NULL'
)
_IS_SCHEDULED = peewee.SQL(
    '"t1"."state_type" = \'SCHEDULED\' AND "t1"."deployment_id" IS NOT NULL '
    'AND "t1"."claimed_by" IS NOT NULL'
)


def blocked_by(db: peewee.Database, ids: Sequence[UUID]) -> list[list[Blocker]]:
    """What holds each run back; nothing for one that runs, has ended, or is not there."""
    waiting = _waiting(db, ids)
    if not waiting:
        return [[] for _ in ids]
    now = now_micros()
    around = _around(db, waiting.values(), now)
    return [blockers(waiting[key], around, now) if key in waiting else [] for key in ids]


def _waiting(db: peewee.Database, ids: Sequence[UUID]) -> dict[UUID, Waiting]:
    """Those of the runs that wait, with their deployment, queue and pool."""
    of_run = (FlowRun.id, FlowRun.state_type, FlowRun.state_name, FlowRun.claimed_by)
    of_deployment = (
        FlowRun.deployment_id,
        Flow.name,
        Deployment.name,
        Deployment.concurrency_limit,
    )
    of_pool = (WorkPool.id, WorkPool.name, WorkPool.paused, WorkPool.concurrency_limit)
    of_queue = (WorkQueue.name, WorkQueue.paused)
    query: Any = FlowRun.select(
        *of_run, FlowRun.scheduled_time, *of_deployment, *of_pool, *of_queue
    )
    query = (
        query.join(Flow, on=(Flow.id == FlowRun.flow_id))
        .left_outer_join(Deployment, on=(Deployment.id == FlowRun.deployment_id))
        .left_outer_join(WorkQueue, on=(WorkQueue.id == FlowRun.work_queue_id))
        .left_outer_join(WorkPool, on=(WorkPool.id == WorkQueue.work_pool_id))
        .where(FlowRun.id.in_(list(ids)), FlowRun.state_type.in_(_WAITING))
    )
    found = {}
    for row in query.tuples().execute(db):
        key, kind, name, claimed_by, due, owner, flow, own, limit, *pool = row
        where = None if pool[0] is None else Pool(*pool)
        found[key] = Waiting(
            kind, name, claimed_by is not None, due, owner, f"{flow}/{own}", limit, where
        )
    return found


def _around(db: peewee.Database, waiting: Any, now: int) -> Around:
    """Workers that live, and runs that are under way."""
    alive = Worker.select(Worker.work_pool_id, peewee.fn.COUNT(Worker.id)).where(
        Worker.lease_until >= now, Worker.work_pool_id.is_null(False)
    )
    workers = dict(alive.group_by(Worker.work_pool_id).tuples().execute(db))
    of_pool: dict[UUID, list[UUID]] = defaultdict(list)
    of_deployment: dict[UUID, list[UUID]] = defaultdict(list)
    if any(run.pool is not None and run.pool.limit is not None for run in waiting):
        query: Any = FlowRun.select(FlowRun.id, WorkQueue.work_pool_id)
        query = query.join(WorkQueue, on=(WorkQueue.id == FlowRun.work_queue_id))
        for key, pool in query.where(_IS_UNDER_WAY).tuples().execute(db):
            of_pool[pool].append(key)
    if any(run.deployment_limit is not None for run in waiting):
        # One that waits for its next attempt has its place still.
        for condition in (_IS_UNDER_WAY, _IS_SCHEDULED):
            held = FlowRun.select(FlowRun.id, FlowRun.deployment_id).where(condition)
            for key, owner in held.tuples().execute(db):
                of_deployment[owner].append(key)
    return Around(workers, of_pool, of_deployment)
