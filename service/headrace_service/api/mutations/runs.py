"""What programs do to runs by hand: create them, set their states, change and delete them."""

from __future__ import annotations

from typing import Annotated

import strawberry
import uuid_utils.compat as uuids

from headrace.records import FlowRunCreated, StateChange, StateType, now_micros
from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    FlowRunResult,
    IdempotencyKey,
    TaskRunResult,
    deleted,
    flow_run,
    refusal,
    task_run,
)
from headrace_service.api.scalars import JSON, DateTime, object_of
from headrace_service.ledger import deletion, run_changes
from headrace_service.ledger.decode import checked
from headrace_service.ledger.errors import Refused

RunId = Annotated[strawberry.ID, strawberry.argument(description="The run's id.")]


@strawberry.input(description="A state to enter.")
class NewState:
    """A state."""

    type: StateType = strawberry.field(description="What kind of state it is.")
    name: str | None = strawberry.field(
        default=None, description="Its name; by default the type's, such as `Completed`."
    )
    message: str | None = strawberry.field(
        default=None, description="What there is to say about it."
    )


@strawberry.input(description="A run of a flow that a program means to carry out by hand.")
class NewFlowRun:
    """A flow run."""

    flow_name: str = strawberry.field(description="The name of its flow.")
    name: str = strawberry.field(description="Its name.")
    state: NewState = strawberry.field(description="The state that it begins in.")
    flow_version: str | None = strawberry.field(
        default=None, description="The version of its flow's code."
    )
    parameters: JSON | None = strawberry.field(
        default=None, description="The arguments, an object."
    )
    tags: list[str] | None = strawberry.field(default=None, description="Its tags.")
    parent_flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The flow run that it is a subflow run of."
    )
    parent_task_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The task run that starts it."
    )
    scheduled_time: DateTime | None = strawberry.field(
        default=None, description="When it is to be carried out."
    )


@strawberry.input(description="What is to change; what is left out stays.")
class FlowRunChanges:
    """Changes of a flow run."""

    name: str | None = strawberry.field(default=None, description="Its name from now on.")
    tags: list[str] | None = strawberry.field(default=None, description="Its tags.")
    parameters: JSON | None = strawberry.field(default=None, description="Its arguments.")
    flow_version: str | None = strawberry.field(
        default=None, description="The version of its flow's code."
    )


@strawberry.type(description="What programs do to runs by hand.")
class RunMutations:
    """Mutations of runs."""

    @strawberry.mutation(
        description="Create a run of a flow that nobody starts: the program itself carries it out."
    )
    async def create_flow_run_by_hand(
        self,
        info: Info,
        run: Annotated[NewFlowRun, strawberry.argument(description="The run.")],
        idempotency_key: IdempotencyKey = None,
    ) -> FlowRunResult:
        """Create one."""
        parent, parent_task = run.parent_flow_run_id, run.parent_task_run_id
        try:
            asked = FlowRunCreated(
                uuids.uuid7(),
                run.flow_name,
                run.name,
                StateChange(run.state.type, _name(run.state), now_micros(), run.state.message),
                run.flow_version,
                object_of(run.parameters, "run.parameters"),
                run.tags or [],
                None if parent is None else parse_id(parent, "run.parentFlowRunId"),
                None if parent_task is None else parse_id(parent_task, "run.parentTaskRunId"),
            )
            verb = run_changes.create_flow_run
            due = run.scheduled_time
            key = await info.context.ledger.awrite(verb, checked(asked), idempotency_key, due)
        except Refused as error:
            return refusal(error)
        return await flow_run(info, key)

    @strawberry.mutation(description="Let a flow run enter a state.")
    async def set_flow_run_state(
        self,
        info: Info,
        id: RunId,
        state: Annotated[NewState, strawberry.argument(description="The state.")],
        force: Annotated[
            bool,
            strawberry.argument(
                description="Enter it whatever the rules say: from an end, too, as a new attempt."
            ),
        ] = False,
    ) -> FlowRunResult:
        """Set its state."""
        key = parse_id(id)
        try:
            wanted = checked(_state(state, force))
            await info.context.ledger.awrite(run_changes.set_flow_run_state, key, wanted)
        except Refused as error:
            return refusal(error)
        return await flow_run(info, key)

    @strawberry.mutation(description="Let a task run enter a state.")
    async def set_task_run_state(
        self,
        info: Info,
        id: RunId,
        state: Annotated[NewState, strawberry.argument(description="The state.")],
        force: Annotated[
            bool, strawberry.argument(description="Enter it whatever the rules say.")
        ] = False,
    ) -> TaskRunResult:
        """Set its state."""
        key = parse_id(id)
        try:
            wanted = checked(_state(state, force))
            await info.context.ledger.awrite(run_changes.set_task_run_state, key, wanted)
        except Refused as error:
            return refusal(error)
        return await task_run(info, key)

    @strawberry.mutation(description="Change what a flow run is called, and what is said of it.")
    async def update_flow_run(
        self,
        info: Info,
        id: RunId,
        changes: Annotated[FlowRunChanges, strawberry.argument(description="What changes.")],
    ) -> FlowRunResult:
        """Change one."""
        key, parameters = parse_id(id), changes.parameters
        try:
            wanted = run_changes.FlowRunChanges(
                changes.name,
                changes.tags,
                None if parameters is None else object_of(parameters, "changes.parameters"),
                changes.flow_version,
            )
            await info.context.ledger.awrite(run_changes.update_flow_run, key, checked(wanted))
        except Refused as error:
            return refusal(error)
        return await flow_run(info, key)

    @strawberry.mutation(
        description="Delete a flow run with its task runs, log lines, artifacts and history. Runs "
        "of subflows stay, and so does an artifact that is the newest of its key. `Conflict` while "
        "a process is at work on it: cancel it first."
    )
    async def delete_flow_run(self, info: Info, id: RunId) -> DeleteResult:
        """Delete one."""
        try:
            found = await deletion.delete_flow_run(info.context.ledger, parse_id(id))
        except Refused as error:
            return refusal(error)
        return deleted(found)


def _name(state: NewState) -> str:
    return state.name or state.type.value.capitalize()


def _state(state: NewState, force: bool) -> run_changes.NewState:
    return run_changes.NewState(state.type, _name(state), state.message, force)
