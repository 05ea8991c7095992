"""Mutations about work pools, and those by which workers take runs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from headrace.records import RunClaim, StateType, now_micros
from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    IdempotencyKey,
    deleted,
    refusal,
)
from headrace_service.api.mutations.processes import ProcessInput, too_old
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.api.types.work import ClaimedRun, Claims, WorkPool
from headrace_service.ledger import claims, errors, work_pools, work_queues
from headrace_service.ledger.beginning import begin
from headrace_service.ledger.claims import Claimant
from headrace_service.ledger.decode import checked

WorkPoolResult = Annotated[
    WorkPool | NotFound | Conflict | InvalidInput,
    strawberry.union("WorkPoolResult", description="A work pool, or why it is not as asked."),
]
ClaimResult = Annotated[
    Claims | NotFound | Conflict | InvalidInput,
    strawberry.union("ClaimResult", description="What there is to do, or why nothing is told."),
]

PoolName = Annotated[str, strawberry.argument(description="The pool's name.")]
PoolDescription = Annotated[str | None, strawberry.argument(description="What it is for.")]
PoolLimit = Annotated[
    int | None,
    strawberry.argument(description="How many of its runs may be under way at once."),
]


@strawberry.input(description="Who wants runs, and which.")
class ClaimInput:
    """A worker's request; it renews the worker's lease."""

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
    work_pool_name: str | None = strawberry.field(
        default=None, description="The pool whose runs it takes …"
    )
    work_queue_names: list[str] | None = strawberry.field(
        default=None, description="… of these queues only."
    )
    deployment_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Without a pool: the deployments that it serves."
    )
    capacity: int | None = strawberry.field(
        default=None, description="How many runs it executes at once; null for any number."
    )
    identity: str | None = strawberry.field(
        default=None, description="What tells its process from every other one of its machine."
    )
    wire_version: int | None = strawberry.field(
        default=None,
        description="The wire version of its installation: one that is too old is told so.",
    )
    holding: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The runs that it executes now. Others that it has claimed are given back "
        "unless they have begun: it cannot know of them, since the answer was lost.",
    )
    running: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Those of them whose process it sees run: their leases begin anew.",
    )


@strawberry.type(description="The state of a run after its process has ended.")
class Concluded:
    """What became of a run."""

    state: StateType = strawberry.field(description="The type of the state that it is in.")
    is_news: bool = strawberry.field(
        description="Whether it came to that state just now: otherwise it had ended by itself."
    )


@strawberry.input(description="The process of a claimed run, which is about to load its code.")
class BeginInput(ProcessInput):
    """A process, and the claim that it was started for."""

    id: strawberry.ID = strawberry.field(description="The run's id.")
    epoch: int = strawberry.field(description="The number of its claim.")


@strawberry.type(description="A run is its process's from now on.")
class Begun:
    """A run that may be executed."""

    state: StateType = strawberry.field(
        description="The type of the state that it is in: CANCELLING, if it is to end before it "
        "has begun."
    )


BeginResult = Annotated[
    Begun | NotFound | Conflict | InvalidInput,
    strawberry.union("BeginResult", description="That the run may begin, or why it may not."),
]
ConcludeResult = Annotated[
    Concluded | NotFound | Conflict | InvalidInput,
    strawberry.union("ConcludeResult", description="What became of the run."),
]


async def _changed(
    info: Info, change: work_pools.PoolChange, expected: int | None
) -> WorkPoolResult:
    try:
        verb = work_pools.change_work_pool
        row = await info.context.ledger.awrite(verb, checked(change), expected)
    except errors.Refused as error:
        return refusal(error)
    return WorkPool.of(row)


@strawberry.type(description="Work pools and workers.")
class WorkMutations:
    """Mutations about pools and by workers."""

    @strawberry.mutation(description="Create a work pool, with its queue `default`.")
    async def create_work_pool(
        self,
        info: Info,
        name: PoolName,
        type: Annotated[
            str, strawberry.argument(description="How its workers execute runs.")
        ] = "process",
        description: PoolDescription = None,
        concurrency_limit: PoolLimit = None,
        paused: Annotated[
            bool, strawberry.argument(description="Whether its runs wait at first.")
        ] = False,
        idempotency_key: IdempotencyKey = None,
    ) -> WorkPoolResult:
        """Create a pool."""
        if type != "process":
            message = f"there is no type of work pool {type!r}; use process"
            return InvalidInput.of(message, "type")
        new = work_pools.NewWorkPool(name, type, description, concurrency_limit, paused)
        try:
            verb = work_pools.create_work_pool
            row = await info.context.ledger.awrite(verb, checked(new), idempotency_key)
        except errors.Refused as error:
            return refusal(error)
        return WorkPool.of(row)

    @strawberry.mutation(description="Let a pool's runs wait, or be taken again.")
    async def set_work_pool_paused(
        self,
        info: Info,
        name: PoolName,
        paused: Annotated[bool, strawberry.argument(description="Whether they are to wait.")],
        expected_revision: ExpectedRevision = None,
    ) -> WorkPoolResult:
        """Pause or resume."""
        change = work_pools.PoolChange(name, paused=paused)
        return await _changed(info, change, expected_revision)

    @strawberry.mutation(description="Let a pool be as it is asked for; what is null stays.")
    async def update_work_pool(
        self,
        info: Info,
        name: PoolName,
        description: PoolDescription = None,
        concurrency_limit: PoolLimit = None,
        paused: Annotated[
            bool | None, strawberry.argument(description="Whether its runs are to wait.")
        ] = None,
        expected_revision: ExpectedRevision = None,
    ) -> WorkPoolResult:
        """Change a pool."""
        change = work_pools.PoolChange(name, description, concurrency_limit, paused)
        return await _changed(info, change, expected_revision)

    @strawberry.mutation(
        description="Let a pool's queue be as it is asked for; it is created if need be."
    )
    async def apply_work_queue(
        self,
        info: Info,
        pool: PoolName,
        name: Annotated[str, strawberry.argument(description="The queue's name.")],
        priority: Annotated[
            int | None,
            strawberry.argument(
                description="Lower numbers are served first; null leaves it as it is."
            ),
        ] = None,
        paused: Annotated[
            bool | None,
            strawberry.argument(
                description="Whether its runs are to wait; null leaves that as it is."
            ),
        ] = None,
        concurrency_limit: Annotated[
            int | None,
            strawberry.argument(
                description="How many of its runs may be under way at once; null leaves that as "
                "it is."
            ),
        ] = None,
    ) -> WorkPoolResult:
        """Create or change a queue."""
        wanted = checked(work_queues.QueueChange(pool, name, priority, paused, concurrency_limit))
        row = await info.context.ledger.awrite(work_queues.apply_work_queue, wanted)
        return WorkPool.of(row)

    @strawberry.mutation(
        description="Forget a pool to which no deployment belongs, and none of whose runs is "
        "under way."
    )
    async def delete_work_pool(self, info: Info, name: PoolName) -> DeleteResult:
        """Delete."""
        try:
            found = await info.context.ledger.awrite(work_pools.delete_work_pool, name)
        except errors.Refused as error:
            return refusal(error)
        return deleted(found)

    @strawberry.mutation(
        description="Give a worker runs that are due: they are PENDING, and its own. A run is "
        "given to one worker only."
    )
    async def claim_flow_runs(
        self,
        info: Info,
        input: Annotated[ClaimInput, strawberry.argument(description="Who wants runs.")],
    ) -> ClaimResult:
        """Claim."""
        if (refused := too_old(input.wire_version)) is not None:
            return refused
        ledger, worker = info.context.ledger, parse_id(input.worker_id, "workerId")
        serves = _ids(input.deployment_ids, "deploymentIds")
        call = work_pools.WorkerCall(
            worker,
            input.worker_name,
            input.work_pool_name,
            input.host,
            input.pid,
            input.lease_seconds,
            input.capacity,
            serves,
            input.work_queue_names,
            input.identity,
        )
        try:
            pool = await ledger.awrite(work_pools.keep_worker, checked(call))
        except errors.Refused as error:
            return refusal(error)
        if seen := _ids(input.running, "running"):
            await ledger.awrite(claims.vouch, worker, seen, now_micros())
        claimant = Claimant(
            worker,
            pool,
            input.work_queue_names,
            serves,
            input.limit,
            None if input.holding is None else frozenset(_ids(input.holding, "holding")),
        )
        claimed = await ledger.awrite(claims.claim, claimant, now_micros())
        due = await ledger.aread(claims.next_due, claimant)
        ending = await ledger.aread(claims.to_be_ended, worker, claimant.holding)
        return Claims(
            runs=[ClaimedRun.of(run) for run in claimed],
            cancelling=[strawberry.ID(str(run_id)) for run_id in ending],
            next_due=None if due is None else DateTime(due),
        )

    @strawberry.mutation(
        description="A worker ends: what it has claimed and not begun is given back."
    )
    async def release_worker(
        self,
        info: Info,
        worker_id: Annotated[strawberry.ID, strawberry.argument(description="The worker's id.")],
    ) -> DeleteResult:
        """Release."""
        key = parse_id(worker_id, "workerId")
        await info.context.ledger.awrite(claims.release_worker, key)
        return deleted(key)

    @strawberry.mutation(
        description="The process of a claimed run asks for it before it runs any of its code: a "
        "run is given to one process of a claim, and to none whose claim was given back."
    )
    async def begin_flow_run(
        self,
        info: Info,
        input: Annotated[
            BeginInput, strawberry.argument(description="The process, and what it is for.")
        ],
    ) -> BeginResult:
        """Begin."""
        claim = RunClaim(parse_id(input.id), input.epoch)
        try:
            client, process = input.read()
            state = await info.context.ledger.awrite(begin, claim, client, process, now_micros())
        except errors.Refused as error:
            return refusal(error)
        return Begun(state=state)

    @strawberry.mutation(
        description="The process that executed a run has ended without saying how: the run is "
        "SCHEDULED if its flow has a retry left, else CRASHED, or CANCELLED if that was wanted. A "
        "run that has ended stays as it is."
    )
    async def conclude_flow_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The run's id.")],
        epoch: Annotated[int, strawberry.argument(description="The number of its claim.")],
        message: Annotated[str, strawberry.argument(description="How the process ended.")],
    ) -> ConcludeResult:
        """Conclude."""
        verb = claims.conclude
        found = await info.context.ledger.awrite(verb, parse_id(id), epoch, message)
        if found is None:
            return NotFound.of(f"there is no flow run {id}", "id")
        return Concluded(state=found.state, is_news=found.is_news)


def _ids(texts: list[strawberry.ID] | None, field: str) -> list[UUID]:
    return [parse_id(text, field) for text in texts or ()]
