"""What people ask of flow runs: to be cancelled, to rest, to be tried once more."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.filters import FlowRunFilter, flow_runs_where
from headrace_service.api.mutations.answers import FlowRunResult, flow_run
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import steering
from headrace_service.ledger.bulk import MOST, Bulk, steer_all

RunId = Annotated[strawberry.ID, strawberry.argument(description="The run's id.")]
Which = Annotated[
    FlowRunFilter,
    strawberry.argument(description="Which of them; an empty filter means all."),
]
MaxAffected = Annotated[
    int,
    strawberry.argument(description=f"How many runs to change at most: 1 to {MOST:,}."),
]
DryRun = Annotated[
    bool, strawberry.argument(description="Whether to change nothing, and tell what would be.")
]


@strawberry.type(description="What became of many flow runs.")
class FlowRunsChanged:
    """The answer to a change of many runs."""

    affected: int = strawberry.field(
        description="How many were changed; with `dryRun`, how many would be."
    )
    skipped: int = strawberry.field(
        description="How many fitted and could not be changed, such as runs whose deployment is "
        "gone."
    )
    flow_run_ids: list[strawberry.ID] = strawberry.field(
        description="The first hundred of those affected, the newest first."
    )
    more: bool = strawberry.field(
        description="Whether others fit that were not looked at, since `maxAffected` was reached."
    )
    dry_run: bool = strawberry.field(description="Whether nothing was changed.")


FlowRunsResult = Annotated[
    FlowRunsChanged | NotFound | Conflict | InvalidInput,
    strawberry.union("FlowRunsResult", description="What became of many flow runs."),
]


@strawberry.type(description="What people ask of flow runs.")
class SteeringMutations:
    """Mutations that steer runs."""

    @strawberry.mutation(
        description="Ask for a flow run to be cancelled: at once if nobody has begun it. One that "
        "runs, or waits in its process, is CANCELLING until that has heard of it, and ends at its "
        "next step. One that has ended stays as it is."
    )
    async def cancel_flow_run(self, info: Info, id: RunId) -> FlowRunResult:
        """Cancel."""
        key = parse_id(id)
        await info.context.ledger.awrite(steering.cancel, key)
        return await flow_run(info, key)

    @strawberry.mutation(
        description="Let a run of a deployment wait, without a process, until it is resumed: it is "
        "Suspended. One that is under way is taken from its process, which its worker ends; it "
        "begins anew when it is resumed."
    )
    async def suspend_flow_run(
        self,
        info: Info,
        id: RunId,
        timeout_seconds: Annotated[
            float | None,
            strawberry.argument(
                description="After how many seconds it fails if nobody has resumed it; null: never."
            ),
        ] = None,
    ) -> FlowRunResult:
        """Suspend."""
        key = parse_id(id)
        await info.context.ledger.awrite(steering.suspend, key, timeout_seconds)
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

    @strawberry.mutation(
        description="Ask for many flow runs to be cancelled, the newest first. They are changed "
        "some at a time, so that who records meanwhile does not wait."
    )
    async def cancel_flow_runs(
        self, info: Info, filter: Which, max_affected: MaxAffected = 1000, dry_run: DryRun = False
    ) -> FlowRunsResult:
        """Cancel many."""
        return await _steer(info, filter, Bulk.CANCEL, max_affected, dry_run)

    @strawberry.mutation(
        description="Let many runs of deployments that have failed, crashed or been cancelled be "
        "executed once more, the newest first; see `retryFlowRun`."
    )
    async def retry_flow_runs(
        self, info: Info, filter: Which, max_affected: MaxAffected = 1000, dry_run: DryRun = False
    ) -> FlowRunsResult:
        """Retry many."""
        return await _steer(info, filter, Bulk.RETRY, max_affected, dry_run)

    @strawberry.mutation(
        description="Delete many flow runs that have ended, the newest first; see `deleteFlowRun`."
    )
    async def delete_flow_runs(
        self, info: Info, filter: Which, max_affected: MaxAffected = 1000, dry_run: DryRun = False
    ) -> FlowRunsResult:
        """Delete many."""
        return await _steer(info, filter, Bulk.DELETE, max_affected, dry_run)


async def _steer(
    info: Info, filter: FlowRunFilter, what: Bulk, most: int, dry_run: bool
) -> FlowRunsChanged | InvalidInput:
    if not 1 <= most <= MOST:
        return InvalidInput.of(f"maxAffected: {most} is not from 1 to {MOST}", "maxAffected")
    where = flow_runs_where(filter)
    found = await steer_all(info.context.ledger, where, what, most, dry_run=dry_run)
    return FlowRunsChanged(
        affected=found.affected,
        skipped=found.skipped,
        flow_run_ids=[strawberry.ID(str(run_id)) for run_id in found.ids],
        more=found.more,
        dry_run=dry_run,
    )
