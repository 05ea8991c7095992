"""Queries about concurrency limits."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import part_in
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.concurrency_limit import ConcurrencyLimit, limit_connection
from headrace_service.ledger.queries import concurrency


@strawberry.type(description="Concurrency limits.")
class ConcurrencyQueries:
    """Queries about concurrency limits."""

    @strawberry.field(description="The concurrency limits, by name.")
    async def concurrency_limits(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        name_contains: Annotated[
            str | None,
            strawberry.argument(description="With this in the name, in small letters or capitals."),
        ] = None,
        active: Annotated[
            bool | None,
            strawberry.argument(description="That count; or that let everybody pass."),
        ] = None,
    ) -> Connection[ConcurrencyLimit]:
        """A page of the limits."""
        page = page_of(Place.CONCURRENCY_LIMIT, first, after, last, before)
        rows = await info.context.ledger.aread(
            concurrency.page_of_limits, page, part_in(name_contains, "nameContains"), active
        )
        return limit_connection(info.context, rows)

    @strawberry.field(
        description="A concurrency limit by its id or its name; null when there is none."
    )
    async def concurrency_limit(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        name: Annotated[str | None, strawberry.argument(description="Its name.")] = None,
    ) -> ConcurrencyLimit | None:
        """One limit."""
        if (id is None) == (name is None):
            raise InputError("id: give either id or name", "id")
        if name is not None:
            row = await info.context.ledger.aread(concurrency.limit_by_name, name)
        else:
            (row,) = await info.context.ledger.aread(concurrency.limits_by_id, [parse_id(str(id))])
        return None if row is None else ConcurrencyLimit.of(row)
