"""Work pools, their queues, and the workers that take runs: what is known, and what changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
import peewee
import uuid_utils

from headrace.records import Name, Text, now_micros
from headrace_service.ledger.columns import OPEN_TYPES, json_text
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import (
    ConcurrencyLimit,
    Deployment,
    FlowRun,
    Worker,
    WorkPool,
    WorkQueue,
)
from headrace_service.ledger.revisions import revise
from headrace_service.ledger.run_limits import limit_of_pool, limit_of_queue, set_limit

#: The queue that every pool has.
DEFAULT_QUEUE = "default"
#: Queues of one pool, and workers that a pool tells of; the list of workers has them all.
MAX_QUEUES, MOST_WORKERS = 200, 200


class WorkPoolRow(msgspec.Struct, frozen=True):
    """A work pool. Times are in microseconds since 1970 UTC."""

    id: UUID
    name: str
    type: str
    description: str | None
    paused: bool
    created_at: int
    revision: int
    concurrency_limit: int | None


class WorkQueueRow(msgspec.Struct, frozen=True):
    """A queue of a pool; those with a lower `priority` number are served first.

    `concurrency_limit` is that of its own name, if there is one.
    """

    id: UUID
    work_pool_id: UUID
    name: str
    priority: int
    paused: bool
    concurrency_limit: int | None


class WorkerRow(msgspec.Struct, frozen=True):
    """A worker. Times are in microseconds since 1970 UTC; `queue_names` is a JSON list, or None."""

    id: UUID
    name: str
    work_pool_id: UUID | None
    host: str
    pid: int
    started_at: int
    seen_at: int
    lease_until: int
    capacity: int | None
    queue_names: str | None


class NewWorkPool(msgspec.Struct, frozen=True):
    """A pool that is to be; its concurrency limit is how many of its runs may be under way."""

    name: Name
    type: Name = "process"
    description: Text | None = None
    concurrency_limit: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    paused: bool = False


class PoolChange(msgspec.Struct, frozen=True):
    """What a pool is to be like; None leaves it as it is."""

    name: Name
    description: Text | None = None
    concurrency_limit: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    paused: bool | None = None


class WorkerCall(msgspec.Struct, frozen=True):
    """A worker tells that it lives, and until when it counts as living: seconds from now.

    `capacity` is how many runs it executes at once; `deployment_ids` are what it serves, and
    `queue_names` the queues of its pool whose runs it takes, None for all; `task_keys`
    the tasks that a task worker serves. `identity` (`headrace.liveness`) is that of its process.
    """

    worker_id: UUID
    worker_name: Name
    work_pool_name: Name | None
    host: Name
    pid: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    lease_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)]
    capacity: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    deployment_ids: list[UUID] = []
    queue_names: list[Name] | None = None
    identity: Name | None = None
    task_keys: list[Name] | None = None


def work_pool_rows() -> Any:
    """A select of pools, with the columns of a `WorkPoolRow`."""
    columns = [getattr(WorkPool, name) for name in WorkPoolRow.__struct_fields__[:-1]]
    own = peewee.StringExpression(peewee.Value(limit_of_pool("")), peewee.OP.CONCAT, WorkPool.name)
    return WorkPool.select(*columns, ConcurrencyLimit.slots).left_outer_join(
        ConcurrencyLimit, on=(ConcurrencyLimit.name == own)
    )


def work_pool(db: peewee.Database, name: str) -> WorkPoolRow:
    """The pool of that name.

    Raises:
        NotFound: there is none.
    """
    query = work_pool_rows().where(WorkPool.name == name)
    for row in query.tuples().execute(db):
        return WorkPoolRow(*row)
    raise NotFound(f"there is no work pool {name!r}; see `headrace work-pool ls`", "workPool")


def pool_to_use(db: peewee.Database, name: str) -> WorkPoolRow:
    """The pool of that name, which runs are to go to, or to be taken from.

    Raises:
        NotFound: there is none; the message tells how to create it.
    """
    try:
        return work_pool(db, name)
    except NotFound:
        raise NotFound(
            f"there is no work pool {name!r}; create it with "
            f"`headrace work-pool create --type process {name}`",
            "workPool",
        ) from None


def queues_of_each(db: peewee.Database, pool_ids: Sequence[UUID]) -> list[list[WorkQueueRow]]:
    """The queues of each pool, the first to be served first."""
    columns = [getattr(WorkQueue, field) for field in WorkQueueRow.__struct_fields__[:-1]]
    own: Any = peewee.Value(limit_of_queue("", "").removesuffix("/"))
    for part in (WorkPool.name, "/", WorkQueue.name):
        own = peewee.StringExpression(own, peewee.OP.CONCAT, part)
    query = (
        WorkQueue.select(*columns, ConcurrencyLimit.slots)
        .join(WorkPool, on=(WorkPool.id == WorkQueue.work_pool_id))
        .left_outer_join(ConcurrencyLimit, on=(ConcurrencyLimit.name == own))
        .where(WorkQueue.work_pool_id.in_(list(pool_ids)))
    )
    found: dict[UUID, list[WorkQueueRow]] = {key: [] for key in pool_ids}
    for row in query.order_by(WorkQueue.priority, WorkQueue.id).tuples().execute(db):
        found[row[1]].append(WorkQueueRow(*row))
    return [found[key] for key in pool_ids]


def workers_of_each(db: peewee.Database, pool_ids: Sequence[UUID]) -> list[list[WorkerRow]]:
    """The workers that each pool has, by name, `MOST_WORKERS` of them at most."""
    columns = [getattr(Worker, field) for field in WorkerRow.__struct_fields__]
    query = Worker.select(*columns).where(Worker.work_pool_id.in_(list(pool_ids)))
    found: dict[UUID, list[WorkerRow]] = {key: [] for key in pool_ids}
    for row in query.order_by(Worker.name, Worker.id).tuples().execute(db):
        found[row[2]].append(WorkerRow(*row))
    return [found[key][:MOST_WORKERS] for key in pool_ids]


def pool_names(db: peewee.Database, ids: Sequence[UUID]) -> list[str | None]:
    """The name of each pool; None where there is none."""
    query = WorkPool.select(WorkPool.id, WorkPool.name).where(WorkPool.id.in_(list(ids)))
    found = dict(query.tuples().execute(db))
    return [found.get(key) for key in ids]


def queues_of(db: peewee.Database, pool_id: UUID) -> list[WorkQueueRow]:
    """A pool's queues, the first to be served first."""
    return queues_of_each(db, [pool_id])[0]


def create_work_pool(
    db: peewee.Database, new: NewWorkPool, idempotency_key: str | None = None
) -> WorkPoolRow:
    """A new pool, with its default queue.

    Raises:
        Conflict: there is one of that name, unless it was made under the same idempotency key.
    """
    once = Once("createWorkPool", idempotency_key, new)
    if once.made(db) is not None:
        return work_pool(db, new.name)
    if WorkPool.select().where(WorkPool.name == new.name).exists(db):
        raise Conflict(f"there is a work pool {new.name!r} already", "name")
    pool_id, now = UUID(bytes=uuid_utils.uuid7().bytes), now_micros()
    row = {
        WorkPool.id: pool_id,
        WorkPool.name: new.name,
        WorkPool.type: new.type,
        WorkPool.description: new.description,
        WorkPool.paused: new.paused,
        WorkPool.created_at: now,
    }
    WorkPool.insert(row).execute(db)
    set_limit(db, limit_of_pool(new.name), new.concurrency_limit, now)
    queue_for(db, pool_id, DEFAULT_QUEUE)
    once.note(db, pool_id)
    return work_pool(db, new.name)


def queue_for(db: peewee.Database, pool_id: UUID, name: str) -> UUID:
    """The id of a pool's queue, which is created if need be, behind those there are.

    Raises:
        InvalidInput: it has to be created, and the pool has as many as a pool may have.
    """
    queues = queues_of(db, pool_id)
    for queue in queues:
        if queue.name == name:
            return queue.id
    if len(queues) >= MAX_QUEUES:
        raise InvalidInput(f"a work pool has {MAX_QUEUES} queues at most", "name")
    queue_id = UUID(bytes=uuid_utils.uuid7().bytes)
    row = {
        WorkQueue.id: queue_id,
        WorkQueue.work_pool_id: pool_id,
        WorkQueue.name: name,
        WorkQueue.priority: 1 + max((queue.priority for queue in queues), default=0),
        WorkQueue.paused: False,
        WorkQueue.created_at: now_micros(),
    }
    WorkQueue.insert(row).execute(db)
    return queue_id


def change_work_pool(
    db: peewee.Database, change: PoolChange, expected: int | None = None
) -> WorkPoolRow:
    """Let a pool be as it is asked for; the workers of one that is paused take no more runs.

    Raises:
        NotFound: there is no such pool.
        Conflict: it is not at the revision that is expected.
    """
    pool = work_pool(db, change.name)
    revise(db, WorkPool, pool.id, f"work pool {change.name!r}", expected)
    values = {WorkPool.paused: change.paused, WorkPool.description: change.description}
    given = {column: value for column, value in values.items() if value is not None}
    if given:
        WorkPool.update(given).where(WorkPool.id == pool.id).execute(db)
    if change.concurrency_limit is not None:
        set_limit(db, limit_of_pool(change.name), change.concurrency_limit, now_micros())
    return work_pool(db, change.name)


def set_pool_paused(
    db: peewee.Database, name: str, paused: bool, expected: int | None = None
) -> WorkPoolRow:
    """Let a pool's workers take no more runs, or take them again; see `change_work_pool`."""
    return change_work_pool(db, PoolChange(name, paused=paused), expected)


def delete_work_pool(db: peewee.Database, name: str) -> UUID:
    """Forget a pool, its queues and its workers. Returns its id.

    Raises:
        NotFound: there is no such pool.
        Conflict: deployments belong to it, or it has runs that have not ended.
    """
    pool = work_pool(db, name)
    queues = [queue.id for queue in queues_of(db, pool.id)]
    used = Deployment.select().where(Deployment.work_queue_id.in_(queues)).count(db)
    if used:
        raise Conflict(f"{used} deployments belong to work pool {name!r}; delete them first")
    open_runs = FlowRun.select().where(
        FlowRun.state_type.in_(OPEN_TYPES), FlowRun.work_queue_id.in_(queues)
    )
    if number := open_runs.count(db):
        raise Conflict(
            f"{number} runs of work pool {name!r} have not ended; wait for them, or cancel them"
        )
    now = now_micros()
    for queue in queues_of(db, pool.id):
        set_limit(db, limit_of_queue(name, queue.name), None, now)
    set_limit(db, limit_of_pool(name), None, now)
    WorkQueue.delete().where(WorkQueue.work_pool_id == pool.id).execute(db)
    Worker.delete().where(Worker.work_pool_id == pool.id).execute(db)
    WorkPool.delete().where(WorkPool.id == pool.id).execute(db)
    return pool.id


def keep_worker(db: peewee.Database, call: WorkerCall) -> UUID | None:
    """Note that a worker lives. Returns its pool's id.

    Raises:
        NotFound: there is no such pool.
    """
    now = now_micros()
    pool_id = None if call.work_pool_name is None else pool_to_use(db, call.work_pool_name).id
    row = {
        Worker.id: call.worker_id,
        Worker.name: call.worker_name,
        Worker.work_pool_id: pool_id,
        Worker.host: call.host,
        Worker.pid: call.pid,
        Worker.started_at: now,
        Worker.seen_at: now,
        Worker.lease_until: now + round(call.lease_seconds * 1_000_000),
        Worker.capacity: call.capacity,
        Worker.deployment_ids: json_text(call.deployment_ids),
        Worker.queue_names: None if call.queue_names is None else json_text(call.queue_names),
        Worker.identity: call.identity,
        Worker.task_keys: None if call.task_keys is None else json_text(call.task_keys),
    }
    kept = (Worker.seen_at, Worker.lease_until, Worker.deployment_ids, Worker.task_keys)
    Worker.insert(row).on_conflict(conflict_target=[Worker.id], preserve=kept).execute(db)
    return pool_id


def queue_names(db: peewee.Database, ids: Sequence[UUID | None]) -> list[tuple[str, str] | None]:
    """The names of each queue's pool and of the queue; None where there is no such queue."""
    query = (
        WorkQueue.select(WorkQueue.id, WorkPool.name, WorkQueue.name)
        .join(WorkPool, on=(WorkPool.id == WorkQueue.work_pool_id))
        .where(WorkQueue.id.in_([key for key in ids if key is not None]))
    )
    found = {key: (pool, queue) for key, pool, queue in query.tuples().execute(db)}
    return [None if key is None else found.get(key) for key in ids]
