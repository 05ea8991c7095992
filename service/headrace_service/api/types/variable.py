"""Variables."""

from __future__ import annotations

import msgspec
import strawberry

from headrace_service.api.context import Context
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.node import Node
from headrace_service.ledger.queries.paging import Slice
from headrace_service.ledger.variables import VariableRow


@strawberry.type(description="A named value that programs share.")
class Variable(Node):
    """A variable."""

    name: str = strawberry.field(description="Its name.")
    value: JSON | None = strawberry.field(description="Its value.")
    tags: list[str] = strawberry.field(description="Its tags.")
    created_at: DateTime = strawberry.field(description="When it was first set.")
    updated_at: DateTime = strawberry.field(description="When it was last set.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @classmethod
    def of(cls, row: VariableRow) -> Variable:
        """The variable of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            value=JSON(msgspec.json.decode(row.value)),
            tags=msgspec.json.decode(row.tags, type=list[str]),
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
            revision=row.revision,
        )


def variable_connection(context: Context, rows: Slice[VariableRow]) -> Connection[Variable]:
    """The connection of a page of variables."""
    context.spend(rows.rows)
    return connection(rows, Variable.of, Place.VARIABLE, lambda row: row.name)
