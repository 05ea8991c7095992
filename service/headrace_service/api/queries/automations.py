"""Queries about automations."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.automation import Automation, automation_connection
from headrace_service.ledger import automations


@strawberry.input(description="Which automations; what is left out does not matter.")
class AutomationFilter:
    """Conditions on automations; all must hold."""

    name: str | None = strawberry.field(default=None, description="Of this name.")
    owner_resource: str | None = strawberry.field(
        default=None, description="That go with this resource."
    )


@strawberry.type(description="Automations.")
class AutomationQueries:
    """Queries about automations."""

    @strawberry.field(description="The automations, newest first.")
    async def automations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            AutomationFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[Automation]:
        """A page of the automations."""
        page = page_of(Place.AUTOMATION, first, after, last, before)
        wanted = filter or AutomationFilter()
        where = automations.AutomationWhere(wanted.name, wanted.owner_resource)
        rows = await info.context.ledger.aread(automations.page_of_automations, page, where)
        return automation_connection(info.context, rows)

    @strawberry.field(description="An automation by its id; null when there is none.")
    async def automation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Automation | None:
        """One automation."""
        row = await info.context.ledger.aread(automations.automation_by_id, parse_id(id))
        return None if row is None else Automation.of(row)
