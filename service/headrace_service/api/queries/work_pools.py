"""Queries about work pools and workers."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.filters import part_in, set_of
from headrace_service.api.orders import Names
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.work import (
    Worker,
    WorkPool,
    work_pool_connection,
    worker_connection,
)
from headrace_service.ledger import work_pools
from headrace_service.ledger.errors import NotFound
from headrace_service.ledger.queries.names import NameOrder
from headrace_service.ledger.queries.work_pools import (
    WorkerWhere,
    WorkPoolWhere,
    page_of_work_pools,
    page_of_workers,
)


@strawberry.input(description="Which work pools; what is left out does not matter.")
class WorkPoolFilter:
    """Conditions on work pools; all must hold."""

    name_contains: str | None = strawberry.field(
        default=None, description="With this in its name, in small letters or capitals."
    )
    types: list[str] | None = strawberry.field(
        default=None, description="Of one of these types, such as `process`."
    )
    paused: bool | None = strawberry.field(
        default=None, description="Whose runs wait until it is resumed; or do not."
    )


@strawberry.input(description="Which workers; what is left out does not matter.")
class WorkerFilter:
    """Conditions on workers; all must hold."""

    name_contains: str | None = strawberry.field(
        default=None, description="With this in its name, in small letters or capitals."
    )
    work_pool_names: list[str] | None = strawberry.field(
        default=None, description="Of one of these work pools."
    )
    in_pool: bool | None = strawberry.field(
        default=None, description="Of any work pool; or, when it is false, serving deployments."
    )
    online: bool | None = strawberry.field(
        default=None, description="Whose lease holds; or is over, when it is false."
    )


@strawberry.type(description="Work pools and workers.")
class WorkPoolQueries:
    """Queries about where runs wait, and for whom."""

    @strawberry.field(description="The work pools.")
    async def work_pools(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            WorkPoolFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        order_by: Names = None,
    ) -> Connection[WorkPool]:
        """A page of the pools."""
        page = page_of(Place.WORK_POOL, first, after, last, before)
        given = filter or WorkPoolFilter()
        where = WorkPoolWhere(
            part_in(given.name_contains, "nameContains"), set_of(given.types, "types"), given.paused
        )
        order = order_by or NameOrder.NAME_ASC
        rows = await info.context.ledger.aread(page_of_work_pools, page, where, order)
        return work_pool_connection(info.context, rows)

    @strawberry.field(description="A work pool by its name; null when there is none.")
    async def work_pool(
        self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
    ) -> WorkPool | None:
        """One pool."""
        try:
            return WorkPool.of(await info.context.ledger.aread(work_pools.work_pool, name))
        except NotFound:
            return None

    @strawberry.field(
        description="The workers of all pools and the processes that serve deployments, newest "
        "first. One that has not been heard of for a while is forgotten."
    )
    async def workers(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            WorkerFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[Worker]:
        """A page of the workers."""
        page = page_of(Place.WORKER, first, after, last, before)
        given = filter or WorkerFilter()
        where = WorkerWhere(
            part_in(given.name_contains, "nameContains"),
            set_of(given.work_pool_names, "workPoolNames"),
            given.in_pool,
            given.online,
        )
        rows = await info.context.ledger.aread(page_of_workers, page, where)
        return worker_connection(info.context, rows)
