"""What changes the queues of a work pool."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import peewee

from headrace.records import Name, now_micros
from headrace_service.ledger.models import WorkQueue
from headrace_service.ledger.run_limits import limit_of_queue, set_limit
from headrace_service.ledger.work_pools import WorkPoolRow, queue_for, work_pool


class QueueChange(msgspec.Struct, frozen=True):
    """What a queue is to be like; None leaves it as it is. The lowest priority is served first."""

    pool: Name
    name: Name
    priority: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    paused: bool | None = None
    concurrency_limit: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None


def apply_work_queue(db: peewee.Database, change: QueueChange) -> WorkPoolRow:
    """Let a pool's queue be as it is asked for; it is created if need be. Returns the pool.

    Raises:
        NotFound: there is no such pool.
        InvalidInput: it would have too many queues.
    """
    pool = work_pool(db, change.pool)
    queue_id = queue_for(db, pool.id, change.name)
    values: dict[Any, Any] = {WorkQueue.priority: change.priority, WorkQueue.paused: change.paused}
    given = {column: value for column, value in values.items() if value is not None}
    if given:
        WorkQueue.update(given).where(WorkQueue.id == queue_id).execute(db)
    if change.concurrency_limit is not None:
        own = limit_of_queue(change.pool, change.name)
        set_limit(db, own, change.concurrency_limit, now_micros())
    return pool
