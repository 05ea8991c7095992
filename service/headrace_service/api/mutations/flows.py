"""Making flows known."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.types.flow import Flow
from headrace_service.api.types.user_error import InvalidInput
from headrace_service.ledger.decode import checked
from headrace_service.ledger.flows import NewFlow, create_flow

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
