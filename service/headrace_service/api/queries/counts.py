"""How many runs there are, and what is going to run."""

from __future__ import annotations

import asyncio
from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import (
    FlowRunFilter,
    TaskRunFilter,
    flow_runs_where,
    task_runs_where,
)
from headrace_service.api.types.state import StateCount, counts_of
from headrace_service.api.types.upcoming import UpcomingRun
from headrace_service.ledger.queries import counts, upcoming

#: How far runs are counted unless more is asked for, and at most.
FAR, FARTHEST = 10_000, 1_000_000

WhichFlowRuns = Annotated[FlowRunFilter | None, strawberry.argument(description="Which of them.")]
WhichTaskRuns = Annotated[TaskRunFilter | None, strawberry.argument(description="Which of them.")]
CountUpTo = Annotated[
    int,
    strawberry.argument(
        description="How far to count, at most 1,000,000: an answer as high as that means that "
        "there are as many or more."
    ),
]


@strawberry.type(description="How many runs there are, and what is going to run.")
class CountQueries:
    """Queries about many runs."""

    @strawberry.field(description="How many flow runs there are.")
    async def count_flow_runs(
        self, info: Info, filter: WhichFlowRuns = None, count_up_to: CountUpTo = FAR
    ) -> int:
        """Their number."""
        where, most = flow_runs_where(filter), checked(count_up_to)
        return await info.context.ledger.aread(counts.count_flow_runs, where, most)

    @strawberry.field(description="How many task runs there are.")
    async def count_task_runs(
        self, info: Info, filter: WhichTaskRuns = None, count_up_to: CountUpTo = FAR
    ) -> int:
        """Their number."""
        where, most = task_runs_where(filter), checked(count_up_to)
        return await info.context.ledger.aread(counts.count_task_runs, where, most)

    @strawberry.field(
        description="How many flow runs are in states of each type, without the zeros."
    )
    async def flow_run_counts(
        self, info: Info, filter: WhichFlowRuns = None, count_up_to: CountUpTo = FAR
    ) -> list[StateCount]:
        """Their numbers."""
        where, most = flow_runs_where(filter), checked(count_up_to)
        return counts_of(await info.context.ledger.aread(counts.flow_run_counts, where, most))

    @strawberry.field(
        description="How many task runs are in states of each type, without the zeros."
    )
    async def task_run_counts(
        self, info: Info, filter: WhichTaskRuns = None, count_up_to: CountUpTo = FAR
    ) -> list[StateCount]:
        """Their numbers."""
        where, most = task_runs_where(filter), checked(count_up_to)
        return counts_of(await info.context.ledger.aread(counts.task_run_counts, where, most))

    @strawberry.field(
        description="What is going to run, what is due first first: runs of deployments that wait, "
        "and the times at which schedules fire, which are computed."
    )
    async def upcoming_runs(
        self,
        info: Info,
        deployment_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this deployment.")
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many: 1 to 200.")] = 20,
    ) -> list[UpcomingRun]:
        """What is coming."""
        if not 1 <= first <= upcoming.MOST:
            raise InputError(f"first: {first} is not from 1 to {upcoming.MOST}", "first")
        ledger = info.context.ledger
        owner = None if deployment_id is None else parse_id(deployment_id, "deploymentId")
        waiting = await ledger.aread(upcoming.waiting_runs, owner, first)
        firing = await ledger.aread(upcoming.firing_schedules, owner, first)
        # Some rules take their time: no reader of the ledger is to wait for them.
        coming = await asyncio.to_thread(upcoming.merged, waiting, firing, first)
        info.context.spend(coming)
        return [UpcomingRun.of(row) for row in coming]


def checked(count_up_to: int) -> int:
    if not 1 <= count_up_to <= FARTHEST:
        raise InputError(f"countUpTo: {count_up_to} is not from 1 to {FARTHEST}", "countUpTo")
    return count_up_to
