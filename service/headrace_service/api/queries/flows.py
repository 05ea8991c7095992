"""Queries about flows."""

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
from headrace_service.api.types.flow import Flow, flow_connection
from headrace_service.ledger.queries import flows


@strawberry.type(description="Flows.")
class FlowQueries:
    """Queries about flows."""

    @strawberry.field(description="The flows, by name.")
    async def flows(
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
    ) -> Connection[Flow]:
        """A page of the flows."""
        page = page_of(Place.FLOW, first, after, last, before)
        rows = await info.context.ledger.aread(
            flows.page_of_flows, page, part_in(name_contains, "nameContains")
        )
        return flow_connection(info.context, rows)

    @strawberry.field(description="A flow by its id or its name; null when there is none.")
    async def flow(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        name: Annotated[str | None, strawberry.argument(description="Its name.")] = None,
    ) -> Flow | None:
        """One flow."""
        if (id is None) == (name is None):
            raise InputError("id: give either id or name", "id")
        if name is not None:
            row = await info.context.ledger.aread(flows.flow_by_name, name)
        else:
            row = await info.context.loaders.flow.load(parse_id(str(id)))
        return None if row is None else Flow.of(row)
