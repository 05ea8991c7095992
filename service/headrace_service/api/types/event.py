"""Events that users' programs have emitted."""

from __future__ import annotations

import strawberry

from headrace_service.api.context import Context
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.log import optional_id
from headrace_service.ledger.queries.custom_events import CustomEventRow
from headrace_service.ledger.queries.paging import Slice


@strawberry.type(description="Something that a user's program told of.")
class Event:
    """An event."""

    id: strawberry.ID = strawberry.field(description="Its id, made by the program.")
    occurred: DateTime = strawberry.field(description="When it happened, by the program's word.")
    name: str = strawberry.field(description="What happened, such as `order.shipped`.")
    resource: JSON = strawberry.field(
        description="What it is about: labels by name, the id under `headrace.resource.id`."
    )
    related: JSON = strawberry.field(
        description="A list of other resources that have a part in it."
    )
    payload: JSON = strawberry.field(description="What else there is to say: an object.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        description="The flow run that emitted it, if one did."
    )

    @classmethod
    def of(cls, row: CustomEventRow) -> Event:
        """The event of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            occurred=DateTime(row.at),
            name=row.payload.name,
            resource=JSON(row.payload.resource),
            related=JSON(row.payload.related),
            payload=JSON(row.payload.payload),
            flow_run_id=optional_id(row.flow_run_id),
        )


def event_connection(context: Context, rows: Slice[CustomEventRow]) -> Connection[Event]:
    """The connection of a page of events."""
    context.spend(rows.rows)
    return connection(rows, Event.of, Place.EVENT, lambda row: row.seq)
