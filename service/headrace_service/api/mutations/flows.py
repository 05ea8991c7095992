"""Making flows known."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import DeleteResult, deleted, refusal
from headrace_service.api.types.flow import Flow
from headrace_service.api.types.user_error import InvalidInput
from headrace_service.ledger.decode import checked
from headrace_service.ledger.errors import Refused
from headrace_service.ledger.flows import NewFlow, create_flow, delete_flow

FlowResult = Annotated[
    Flow | InvalidInput,
    strawberry.union("FlowResult", description="A flow, or why there is none."),
]


@strawberry.type(description="Flows.")
class FlowMutations:
    """Mutations about flows."""

    @strawberry.mutation(
        description="Make a flow known by its name, before it runs or is deployed. One that is "
        "known already is left as it is."
    )
    async def create_flow(
        self, info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
    ) -> FlowResult:
        """Create a flow."""
        return Flow.of(await info.context.ledger.awrite(create_flow, checked(NewFlow(name))))

    @strawberry.mutation(description="Forget a flow that has no deployments and no runs.")
    async def delete_flow(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> DeleteResult:
        """Delete a flow."""
        try:
            return deleted(await info.context.ledger.awrite(delete_flow, parse_id(id)))
        except Refused as error:
            return refusal(error)
