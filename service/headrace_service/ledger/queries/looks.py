"""What a look at the ledger shows, for those who follow how things stand: see `glances`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from uuid import UUID

import peewee

from headrace.records import StateType, now_micros
from headrace_service.ledger.deployments import (
    DeploymentRow,
    deployment_marks,
    deployments,
    deployments_by_id,
)
from headrace_service.ledger.glances import Known, Seen, Thing
from headrace_service.ledger.models import ConcurrencyLimit, Slot, Waiter, Worker, WorkPool
from headrace_service.ledger.queries import counts
from headrace_service.ledger.queries.concurrency import LimitRow
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.flow_runs import FlowRunWhere
from headrace_service.ledger.work_pools import WorkerRow

#: How many things a look may show.
MOST = 200


def limits_now(
    db: peewee.Database, _known: Known[LimitRow], names: frozenset[str] | None
) -> Seen[LimitRow]:
    """The limits of these names, or the first ones; they change with their holders and waiters."""
    cursor = latest_event(db)
    columns = [getattr(ConcurrencyLimit, name) for name in LimitRow.__struct_fields__]
    query = ConcurrencyLimit.select(*columns).order_by(ConcurrencyLimit.name).limit(MOST)
    if names is not None:
        query = query.where(ConcurrencyLimit.name.in_(sorted(names)))
    rows = [LimitRow(*row) for row in query.tuples().execute(db)]
    ids = [row.id for row in rows]
    held, waiting = _claims(db, Slot, ids), _claims(db, Waiter, ids)
    return Seen(
        {row.id: Thing(row, (row, held.get(row.id), waiting.get(row.id))) for row in rows}, cursor
    )


def _claims(
    db: peewee.Database, model: type[Slot] | type[Waiter], ids: Sequence[UUID]
) -> dict[UUID, set[tuple[UUID, int, str]]]:
    """Which leases have, or want, how many slots of a limit, and whose they are.

    That one is renewed is no news; that a worker has taken a run that had slots, is.
    """
    query = model.select(model.limit_id, model.lease_id, model.occupied, model.holder).where(
        model.limit_id.in_(ids), model.until > now_micros()
    )
    found: dict[UUID, set[tuple[UUID, int, str]]] = {}
    for limit_id, lease_id, occupied, holder in query.tuples().execute(db):
        found.setdefault(limit_id, set()).add((lease_id, occupied, holder))
    return found


def workers_now(
    db: peewee.Database, _known: Known[WorkerRow], work_pool: str | None
) -> Seen[WorkerRow]:
    """The workers of a pool, or all; that one is heard of is no news, that it no longer is, is."""
    cursor, now = latest_event(db), now_micros()
    columns = [getattr(Worker, name) for name in WorkerRow.__struct_fields__]
    query = Worker.select(*columns).order_by(Worker.seen_at.desc()).limit(MOST)
    if work_pool is not None:
        pool = WorkPool.select(WorkPool.id).where(WorkPool.name == work_pool)
        query = query.where(Worker.work_pool_id == pool)
    things: dict[Hashable, Thing[WorkerRow]] = {}
    for values in query.tuples().execute(db):
        row = WorkerRow(*values)
        things[row.id] = Thing(row, (row.name, row.work_pool_id, row.lease_until >= now))
    return Seen(things, cursor)


def deployments_now(
    db: peewee.Database, known: Known[DeploymentRow], flow_name: str | None
) -> Seen[DeploymentRow]:
    """The deployments of a flow, or all; changed when one of its schedules has, or has fired.

    Of those that are as they were, only what tells so is read.
    """
    cursor = latest_event(db)
    marks = deployment_marks(db, flow_name)
    new = [key for key, mark in marks.items() if key not in known or known[key].mark != mark]
    read = deployments(db, flow_name) if len(new) == len(marks) else deployments_by_id(db, new)
    rows = {row.id: row for row in read if row is not None}
    return Seen(
        {key: Thing(rows[key], marks[key]) if key in rows else known[key] for key in marks}, cursor
    )


def flow_run_counts(
    db: peewee.Database, _known: Known[tuple[StateType, int]], where: FlowRunWhere, up_to: int
) -> Seen[tuple[StateType, int]]:
    """How many flow runs are in states of each type, each counted up to a number."""
    cursor = latest_event(db)
    found = counts.flow_run_counts(db, where, up_to)
    return Seen({kind: Thing((kind, n), n) for kind, n in found.items()}, cursor)
