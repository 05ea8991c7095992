"""Automations."""

from __future__ import annotations

import msgspec
import strawberry

from headrace_service.api.context import Context
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.node import Node
from headrace_service.ledger.automations import AutomationRow
from headrace_service.ledger.queries.paging import Slice


@strawberry.type(description="What is to be done once events have, or have not, happened.")
class Automation(Node):
    """An automation."""

    name: str = strawberry.field(description="Its name; others may have it, too.")
    description: str = strawberry.field(description="What it is for.")
    enabled: bool = strawberry.field(description="Whether it acts.")
    tags: list[str] = strawberry.field(description="Its tags.")
    trigger: JSON = strawberry.field(
        description="What it waits for, as in `AutomationInput`, with all its fields."
    )
    actions: JSON = strawberry.field(description="What it does: a list, as in `AutomationInput`.")
    actions_on_trigger: JSON = strawberry.field(description="What it does after that: a list.")
    owner_resource: str | None = strawberry.field(
        description="The resource that it goes with, such as `headrace.deployment.ID`."
    )
    made_by: str | None = strawberry.field(
        description="The name of the token that it was made or last changed with, if one was "
        "needed."
    )
    last_fired_at: DateTime | None = strawberry.field(description="When it acted last.")
    created_at: DateTime = strawberry.field(description="When it was made.")
    updated_at: DateTime = strawberry.field(description="When it was last changed.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @classmethod
    def of(cls, row: AutomationRow) -> Automation:
        """The automation of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            description=row.description,
            enabled=row.enabled,
            tags=msgspec.json.decode(row.tags, type=list[str]),
            trigger=JSON(msgspec.json.decode(row.trigger)),
            actions=JSON(msgspec.json.decode(row.actions)),
            actions_on_trigger=JSON(msgspec.json.decode(row.actions_on_trigger)),
            owner_resource=row.owner,
            made_by=row.made_by,
            last_fired_at=None if row.fired_at is None else DateTime(row.fired_at),
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
            revision=row.revision,
        )


def automation_connection(context: Context, rows: Slice[AutomationRow]) -> Connection[Automation]:
    """The connection of a page of automations."""
    context.spend(rows.rows)
    return connection(rows, Automation.of, Place.AUTOMATION, lambda row: row.id)
