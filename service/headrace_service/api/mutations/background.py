"""Mutations about background runs of tasks: asking for them, and taking them."""

from __future__ import annotations

import base64
from typing import Annotated

import strawberry

from headrace.records import TaskClaim, now_micros
from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import TaskRunResult, refusal
from headrace_service.api.mutations.processes import ProcessInput, too_old
from headrace_service.api.types.background import ClaimedTaskRun, TaskClaims
from headrace_service.api.types.task_run import TaskRun
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import background, errors, work_pools
from headrace_service.ledger.background import NewBackgroundRun
from headrace_service.ledger.decode import checked

#: Runs that may be asked for at once.
MOST_ENQUEUED = 1000

TaskClaimResult = Annotated[
    TaskClaims | NotFound | Conflict | InvalidInput,
    strawberry.union("TaskClaimResult", description="What there is to do, or why nothing is told."),
]


@strawberry.input(description="Runs whose results go into a task run.")
class TaskRunInputInput:
    """Edges of the graph of runs."""

    parameter: str = strawberry.field(description="The parameter that takes the results.")
    run_ids: list[strawberry.ID] = strawberry.field(description="The runs they come from.")


@strawberry.input(description="A run of a task that some task worker is to execute.")
class BackgroundRunInput:
    """A background run."""

    id: strawberry.ID = strawberry.field(
        description="Its id, a new UUID of version 7. Asking again with it changes nothing."
    )
    task_key: str = strawberry.field(
        description="What tells its task from others: workers serve tasks by it."
    )
    task_name: str = strawberry.field(description="The name of its task.")
    name: str = strawberry.field(description="The run's name.")
    arguments: str = strawberry.field(
        description="Its arguments, pickled, in base64: workers alone open them."
    )
    tags: list[str] | None = strawberry.field(default=None, description="Its tags.")
    inputs: list[TaskRunInputInput] | None = strawberry.field(
        default=None, description="The runs whose results go into it."
    )
    flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The flow run that asks for it, if one does."
    )

    def read(self) -> NewBackgroundRun:
        """The run that is asked for.

        Raises:
            errors.InvalidInput: what was given is none.
        """
        try:
            arguments = base64.b64decode(self.arguments, validate=True)
        except ValueError as error:
            raise errors.InvalidInput(
                f"the arguments are not in base64: {error}", "arguments"
            ) from None
        inputs = {
            each.parameter: [parse_id(run_id, "inputs") for run_id in each.run_ids]
            for each in self.inputs or ()
        }
        run = NewBackgroundRun(
            parse_id(self.id),
            self.task_key,
            self.task_name,
            self.name,
            arguments,
            self.tags or [],
            inputs,
            None if self.flow_run_id is None else parse_id(self.flow_run_id, "flowRunId"),
        )
        return checked(run)


@strawberry.type(description="Runs wait for task workers.")
class TasksEnqueued:
    """Those that were asked for."""

    run_ids: list[strawberry.ID] = strawberry.field(description="The runs, in order.")


TaskEnqueueResult = Annotated[
    TasksEnqueued | NotFound | Conflict | InvalidInput,
    strawberry.union("TaskEnqueueResult", description="The runs, or why there are none."),
]


@strawberry.input(description="Which task worker wants runs, and of which tasks.")
class TaskClaimInput:
    """A task worker's request; it renews the worker's lease."""

    worker_id: strawberry.ID = strawberry.field(
        description="The worker's id, which it made itself."
    )
    worker_name: str = strawberry.field(description="The worker's name.")
    host: str = strawberry.field(description="The machine that it runs on.")
    pid: int = strawberry.field(description="Its process.")
    lease_seconds: float = strawberry.field(
        description="So long it counts as living. What it has claimed and not begun is given back "
        "after that."
    )
    limit: int = strawberry.field(description="How many runs it takes at most; 0 only renews.")
    task_keys: list[str] = strawberry.field(description="The tasks that it serves.")
    identity: str | None = strawberry.field(
        default=None, description="What tells its process from every other one of its machine."
    )
    wire_version: int | None = strawberry.field(
        default=None,
        description="The wire version of its installation: one that is too old is told so.",
    )
    holding: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The runs that it has now. Others that it has claimed are given back unless "
        "they have begun: it cannot know of them, since the answer was lost.",
    )


@strawberry.input(description="A run that a task worker has claimed.")
class TaskClaimedInput:
    """A run, and its claim."""

    id: strawberry.ID = strawberry.field(description="The run's id.")
    epoch: int = strawberry.field(description="The number of its claim.")


@strawberry.input(description="A task worker's process, and the runs it is about to execute.")
class BeginTasksInput(ProcessInput):
    """A process, and the runs that it has claimed."""

    runs: list[TaskClaimedInput] = strawberry.field(description="The runs.")


@strawberry.type(description="Runs that are a task worker's from now on.")
class TasksBegun:
    """Those that may be executed."""

    run_ids: list[strawberry.ID] = strawberry.field(
        description="The runs that it may execute. Others are not its own: they were given back "
        "meanwhile, or have ended."
    )


TaskBeginResult = Annotated[
    TasksBegun | NotFound | Conflict | InvalidInput,
    strawberry.union("TaskBeginResult", description="Which runs may begin."),
]


@strawberry.type(description="Background runs of tasks.")
class BackgroundMutations:
    """Mutations by which tasks run in the background."""

    @strawberry.mutation(description="Ask for a run of a task, which some task worker executes.")
    async def enqueue_task_run(
        self,
        info: Info,
        input: Annotated[BackgroundRunInput, strawberry.argument(description="The run.")],
    ) -> TaskRunResult:
        """Enqueue."""
        try:
            row = await info.context.ledger.awrite(background.enqueue, input.read())
        except errors.Refused as error:
            return refusal(error)
        return TaskRun.of(row)

    @strawberry.mutation(
        description="Ask for many runs of tasks at once: all are there, or none; at most "
        f"{MOST_ENQUEUED:,}."
    )
    async def enqueue_task_runs(
        self,
        info: Info,
        inputs: Annotated[
            list[BackgroundRunInput], strawberry.argument(description="The runs, in order.")
        ],
    ) -> TaskEnqueueResult:
        """Enqueue many."""
        if len(inputs) > MOST_ENQUEUED:
            return InvalidInput.of(f"at most {MOST_ENQUEUED:,} runs at once", "inputs")
        try:
            wanted = [each.read() for each in inputs]
            await info.context.ledger.awrite(background.enqueue_all, wanted)
        except errors.Refused as error:
            return refusal(error)
        return TasksEnqueued(run_ids=[strawberry.ID(str(each.id)) for each in wanted])

    @strawberry.mutation(
        description="Give a task worker background runs: they are PENDING, and its own. A run is "
        "given to one worker only."
    )
    async def claim_task_runs(
        self,
        info: Info,
        input: Annotated[TaskClaimInput, strawberry.argument(description="Who wants runs.")],
    ) -> TaskClaimResult:
        """Claim."""
        if (refused := too_old(input.wire_version)) is not None:
            return refused
        ledger, worker = info.context.ledger, parse_id(input.worker_id, "workerId")
        call = work_pools.WorkerCall(
            worker,
            input.worker_name,
            None,
            input.host,
            input.pid,
            input.lease_seconds,
            identity=input.identity,
            task_keys=input.task_keys,
        )
        holding = None
        if input.holding is not None:
            holding = [parse_id(text, "holding") for text in input.holding]
        limit = min(max(0, input.limit), background.MOST_CLAIMED)
        verb = background.take_task_runs
        try:
            claimed, lost = await ledger.awrite(verb, checked(call), limit, holding)
        except errors.Refused as error:
            return refusal(error)
        return TaskClaims(
            runs=[ClaimedTaskRun.of(run) for run in claimed],
            lost=[strawberry.ID(str(run_id)) for run_id in lost],
        )

    @strawberry.mutation(
        description="A task worker asks for runs that it has claimed before it executes them: a "
        "run is given to one worker, and to none whose claim was given back."
    )
    async def begin_task_runs(
        self,
        info: Info,
        input: Annotated[BeginTasksInput, strawberry.argument(description="Who, and which.")],
    ) -> TaskBeginResult:
        """Begin."""
        wanted = [TaskClaim(parse_id(each.id), each.epoch) for each in input.runs]
        verb = background.begin_task_runs
        try:
            client, process = input.read()
            begun = await info.context.ledger.awrite(verb, wanted, client, process, now_micros())
        except errors.Refused as error:
            return refusal(error)
        return TasksBegun(run_ids=[strawberry.ID(str(run_id)) for run_id in begun])
