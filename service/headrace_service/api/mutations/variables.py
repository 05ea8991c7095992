"""Setting and deleting variables."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    deleted,
    refusal,
)
from headrace_service.api.scalars import JSON
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.api.types.variable import Variable
from headrace_service.ledger import variables
from headrace_service.ledger.errors import Refused

SetVariableResult = Annotated[
    Variable | Conflict | InvalidInput | NotFound,
    strawberry.union("SetVariableResult", description="What became of a variable to be set."),
]


@strawberry.type(description="Setting and deleting variables.")
class VariableMutations:
    """Mutations of variables."""

    @strawberry.mutation(description="Give a variable a value, and make it if there is none.")
    async def set_variable(
        self,
        info: Info,
        name: Annotated[
            str,
            strawberry.argument(
                description="Its name: lowercase letters, numbers, dashes, underscores."
            ),
        ],
        value: Annotated[
            JSON | None, strawberry.argument(description="The value; at most 5000 characters.")
        ] = None,
        tags: Annotated[
            list[str] | None, strawberry.argument(description="Its tags; none unless given.")
        ] = None,
        overwrite: Annotated[
            bool, strawberry.argument(description="Whether it may take the place of a value.")
        ] = False,
        expected_revision: ExpectedRevision = None,
    ) -> SetVariableResult:
        """Set one variable."""
        try:
            row = await info.context.ledger.awrite(
                variables.set_variable, name, value, tags or [], overwrite, expected_revision
            )
        except Refused as refused:
            return refusal(refused)
        return Variable.of(row)

    @strawberry.mutation(description="Delete a variable.")
    async def delete_variable(
        self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
    ) -> DeleteResult:
        """Delete one variable."""
        try:
            found = await info.context.ledger.awrite(variables.delete_variable, name)
        except Refused as refused:
            return refusal(refused)
        return deleted(found)
