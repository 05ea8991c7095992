"""Giving flow runs something while they run, and letting paused ones go on."""

from __future__ import annotations

from typing import Annotated

import msgspec
import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    FlowRunResult,
    deleted,
    flow_run,
    refusal,
)
from headrace_service.api.scalars import JSON
from headrace_service.api.types.flow_run_input import FlowRunInput
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import flow_run_inputs
from headrace_service.ledger.errors import Refused

CreateInputResult = Annotated[
    FlowRunInput | NotFound | Conflict | InvalidInput,
    strawberry.union("CreateFlowRunInputResult", description="What became of a given input."),
]


@strawberry.type(description="Giving flow runs something while they run.")
class InputMutations:
    """Mutations of inputs and pauses."""

    @strawberry.mutation(description="Give a flow run something, under a key of its own.")
    async def create_flow_run_input(
        self,
        info: Info,
        flow_run_id: Annotated[strawberry.ID, strawberry.argument(description="The flow run.")],
        key: Annotated[str, strawberry.argument(description="The key.")],
        value: Annotated[JSON, strawberry.argument(description="What is given.")],
        sender: Annotated[str | None, strawberry.argument(description="Who gives it.")] = None,
        replace: Annotated[
            bool, strawberry.argument(description="Whether it may replace one of that key.")
        ] = False,
    ) -> CreateInputResult:
        """Create an input."""
        verb, run_id = flow_run_inputs.create_input, parse_id(flow_run_id, "flowRunId")
        text = msgspec.json.encode(value).decode()
        try:
            row = await info.context.ledger.awrite(verb, run_id, key, text, sender, replace)
        except Refused as error:
            return refusal(error)
        return FlowRunInput.of(row)

    @strawberry.mutation(description="Take back what was given under a key.")
    async def delete_flow_run_input(
        self,
        info: Info,
        flow_run_id: Annotated[strawberry.ID, strawberry.argument(description="The flow run.")],
        key: Annotated[str, strawberry.argument(description="The key.")],
    ) -> DeleteResult:
        """Delete an input."""
        run_id = parse_id(flow_run_id, "flowRunId")
        if not await info.context.ledger.awrite(flow_run_inputs.delete_input, run_id, key):
            return NotFound.of(f"flow run {run_id} has no input {key!r}", "key")
        return deleted(run_id)

    @strawberry.mutation(
        description="Let a paused flow run go on, with the input that it waits for if it does."
    )
    async def resume_flow_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The flow run.")],
        input: Annotated[
            JSON | None,
            strawberry.argument(description="An object that fits the form that the run expects."),
        ] = None,
    ) -> FlowRunResult:
        """Resume a run."""
        run_id = parse_id(id)
        if input is not None and not isinstance(input, dict):
            return InvalidInput.of("an input is an object, with a field for each value", "input")
        try:
            await info.context.ledger.awrite(flow_run_inputs.resume_flow_run, run_id, input)
        except Refused as error:
            return refusal(error)
        return await flow_run(info, run_id)
