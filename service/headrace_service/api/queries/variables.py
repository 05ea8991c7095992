"""Queries about variables."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.filters import part_in, tags_in
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.variable import Variable, variable_connection
from headrace_service.ledger import variables


@strawberry.input(description="Which variables; what is left out does not matter.")
class VariableFilter:
    """Conditions on variables; all must hold."""

    name_contains: str | None = strawberry.field(default=None, description="With this in the name.")
    tags: list[str] | None = strawberry.field(default=None, description="With all of these tags.")


@strawberry.type(description="Variables.")
class VariableQueries:
    """Queries about variables."""

    @strawberry.field(description="The variables, by name.")
    async def variables(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            VariableFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[Variable]:
        """A page of the variables."""
        page = page_of(Place.VARIABLE, first, after, last, before)
        wanted = filter or VariableFilter()
        tags = tags_in(wanted.tags, "tags") or frozenset()
        where = variables.VariableWhere(part_in(wanted.name_contains, "nameContains"), tags)
        rows = await info.context.ledger.aread(variables.page_of_variables, page, where)
        return variable_connection(info.context, rows)

    @strawberry.field(description="A variable by its name; null when there is none.")
    async def variable(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="Its name.")],
    ) -> Variable | None:
        """One variable."""
        row = await info.context.ledger.aread(variables.variable_by_name, name)
        return None if row is None else Variable.of(row)
