"""Asking for what was given to flow runs."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.types.flow_run_input import FlowRunInput
from headrace_service.ledger import flow_run_inputs


@strawberry.type(description="Asking for what was given to flow runs.")
class InputQueries:
    """Queries of inputs."""

    @strawberry.field(description="What was given to a flow run, the oldest first.")
    async def flow_run_inputs(
        self,
        info: Info,
        flow_run_id: Annotated[strawberry.ID, strawberry.argument(description="The flow run.")],
        prefix: Annotated[
            str, strawberry.argument(description="Only those whose keys begin with it.")
        ] = "",
        first: Annotated[
            int, strawberry.argument(description="How many, 200 at most.")
        ] = flow_run_inputs.MAX_INPUTS,
    ) -> list[FlowRunInput]:
        """Some of a run's inputs."""
        rows = await info.context.ledger.aread(
            flow_run_inputs.inputs_by_prefix,
            parse_id(flow_run_id, "flowRunId"),
            prefix,
            max(first, 0),
        )
        info.context.spend(rows)
        return [FlowRunInput.of(row) for row in rows]

    @strawberry.field(description="An input by its key; null when there is none.")
    async def flow_run_input(
        self,
        info: Info,
        flow_run_id: Annotated[strawberry.ID, strawberry.argument(description="The flow run.")],
        key: Annotated[str, strawberry.argument(description="The input's key.")],
    ) -> FlowRunInput | None:
        """One input."""
        run_id = parse_id(flow_run_id, "flowRunId")
        rows = await info.context.ledger.aread(flow_run_inputs.inputs_by_key, run_id, [key])
        return FlowRunInput.of(rows[0]) if rows else None
