"""What people ask of flow runs: to be cancelled, to rest, to be tried once more."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import FlowRunResult, flow_run
from headrace_service.ledger import steering

RunId = Annotated[strawberry.ID, strawberry.argument(description="The run's id.")]


@strawberry.type(description="What people ask of flow runs.")
class SteeringMutations:
    """Mutations that steer runs."""

    @strawberry.mutation(
        description="Ask for a flow run to be cancelled: at once if nobody has begun it. One that "
        "runs is CANCELLING until its process has heard of it. One that has ended stays as it is."
    )
    async def cancel_flow_run(self, info: Info, id: RunId) -> FlowRunResult:
        """Cancel."""
        key = parse_id(id)
        await info.context.ledger.awrite(steering.cancel, key)
        return await flow_run(info, key)

    @strawberry.mutation(
        description="Let a run of a deployment that nobody has begun wait until it is resumed. One "
        "that is under way can be paused by its own code only."
    )
    async def pause_flow_run(self, info: Info, id: RunId) -> FlowRunResult:
        """Pause."""
        key = parse_id(id)
        await info.context.ledger.awrite(steering.pause, key)
        return await flow_run(info, key)

    @strawberry.mutation(
        description="Let a run of a deployment that has failed, crashed or been cancelled be "
        "executed once more, from its beginning: it is due at once, at its next attempt. A run "
        "that a script started can be run anew by that script only."
    )
    async def retry_flow_run(self, info: Info, id: RunId) -> FlowRunResult:
        """Retry."""
        key = parse_id(id)
        await info.context.ledger.awrite(steering.retry, key)
        return await flow_run(info, key)
