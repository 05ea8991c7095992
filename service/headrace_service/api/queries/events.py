"""Queries about the events that users' programs have emitted."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.pagination import After, Before, Connection, First, Last, Place, page_of
from headrace_service.api.types.event import Event, event_connection
from headrace_service.ledger.queries import custom_events
from headrace_service.ledger.tokens import Scope


@strawberry.type(description="The events that users' programs have emitted.")
class EventQueries:
    """Queries of events."""

    @strawberry.field(
        description="The events that users' programs have emitted, newest first. Who has the scope "
        "ADMIN also sees those that tell of API tokens."
    )
    async def events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        name: Annotated[str | None, strawberry.argument(description="Of this name.")] = None,
        flow_run_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Emitted by this flow run.")
        ] = None,
    ) -> Connection[Event]:
        """A page of the events."""
        page = page_of(Place.EVENT, first, after, last, before)
        owner = None if flow_run_id is None else parse_id(flow_run_id, "flowRunId")
        rows = await info.context.ledger.aread(
            custom_events.page_of_events,
            page,
            name,
            owner,
            with_audit=info.context.caller.scope is Scope.ADMIN,
        )
        return event_connection(info.context, rows)
