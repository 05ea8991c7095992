"""Work pools, and the workers of all of them, page by page."""

from __future__ import annotations

from typing import Any

import msgspec
import peewee

from headrace.records import now_micros
from headrace_service.ledger.models import Worker, WorkPool
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.names import NameOrder, in_order_of_names
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset
from headrace_service.ledger.work_pools import WorkerRow, WorkPoolRow, work_pool_rows


class WorkPoolWhere(msgspec.Struct, frozen=True):
    """Which pools are wanted; what is None does not matter."""

    name_contains: str | None = None
    types: frozenset[str] | None = None
    paused: bool | None = None


class WorkerWhere(msgspec.Struct, frozen=True):
    """Which workers are wanted; what is None does not matter.

    `in_pool`: True wants those of pools, False those that serve deployments.
    """

    name_contains: str | None = None
    work_pool_names: frozenset[str] | None = None
    in_pool: bool | None = None
    online: bool | None = None


ANY_POOL, ANY_WORKER = WorkPoolWhere(), WorkerWhere()


def page_of_work_pools(
    db: peewee.Database,
    page: Page,
    where: WorkPoolWhere = ANY_POOL,
    order: NameOrder = NameOrder.NAME_ASC,
) -> Slice[WorkPoolRow]:
    """A page of the pools."""
    query = work_pool_rows()
    if where.name_contains:
        query = query.where(WorkPool.name.contains(where.name_contains))
    if where.types is not None:
        query = query.where(WorkPool.type.in_(sorted(where.types)))
    if where.paused is not None:
        query = query.where(WorkPool.paused == where.paused)
    query = in_order_of_names(query, [WorkPool.name], WorkPool.id, order, page)
    rows = [WorkPoolRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))


def page_of_workers(
    db: peewee.Database, page: Page, where: WorkerWhere = ANY_WORKER
) -> Slice[WorkerRow]:
    """A page of the workers, those that were started last first."""
    columns = [getattr(Worker, name) for name in WorkerRow.__struct_fields__]
    query: Any = Worker.select(*columns)
    if where.name_contains:
        query = query.where(Worker.name.contains(where.name_contains))
    if where.work_pool_names is not None:
        pools = WorkPool.select(WorkPool.id).where(WorkPool.name.in_(sorted(where.work_pool_names)))
        query = query.where(Worker.work_pool_id.in_(pools))
    if where.in_pool is not None:
        query = query.where(Worker.work_pool_id.is_null(not where.in_pool))
    if where.online is not None:
        now = now_micros()
        query = query.where(Worker.lease_until >= now if where.online else Worker.lease_until < now)
    query = keyset(query, Worker.id, page, newest_first=True)
    rows = [WorkerRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))
