"""Flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from headrace_service.api.context import Context, Info
from headrace_service.api.filters import FlowRunFilter, flow_runs_where
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    connection,
    page_of,
)
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.node import Node
from headrace_service.ledger.queries.flows import FlowRow
from headrace_service.ledger.queries.paging import Slice

if TYPE_CHECKING:
    from headrace_service.api.types.flow_run import FlowRun

LazyFlowRun = Annotated["FlowRun", strawberry.lazy("headrace_service.api.types.flow_run")]


@strawberry.type(description="A flow: a decorated function, known by its name.")
class Flow(Node):
    """A flow."""

    row: strawberry.Private[FlowRow]
    name: str = strawberry.field(description="Its name.")
    created_at: DateTime = strawberry.field(description="When it ran first.")

    @strawberry.field(description="Its runs, newest first.")
    async def flow_runs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            FlowRunFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[LazyFlowRun]:
        """A page of the flow's runs."""
        from headrace_service.api.types.flow_run import flow_run_connection

        page = page_of(Place.FLOW_RUN, first, after, last, before)
        key = (self.row.id, page, flow_runs_where(filter))
        rows = await info.context.loaders.runs_of_flow.load(key)
        return flow_run_connection(info.context, rows)

    @classmethod
    def of(cls, row: FlowRow) -> Flow:
        """The flow of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            created_at=DateTime(row.created_at),
        )


def flow_connection(context: Context, rows: Slice[FlowRow]) -> Connection[Flow]:
    """The connection of a page of flows."""
    context.spend(rows.rows)
    return connection(rows, Flow.of, Place.FLOW, lambda row: row.name)
