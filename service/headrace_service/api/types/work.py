"""Work pools, their queues and workers, and the runs that workers claim."""

from __future__ import annotations

import msgspec
import strawberry

from headrace.records import now_micros
from headrace_service.api.context import Context, Info
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.deployment import Deployment
from headrace_service.ledger.claims import Claimed
from headrace_service.ledger.queries.paging import NameKey, Slice
from headrace_service.ledger.work_pools import WorkerRow, WorkPoolRow, WorkQueueRow


@strawberry.type(description="A line of runs within a pool.")
class WorkQueue:
    """A queue."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name.")
    priority: int = strawberry.field(description="Lower numbers are served first.")
    paused: bool = strawberry.field(description="Whether its runs wait until it is resumed.")
    concurrency_limit: int | None = strawberry.field(
        description="How many of its runs may be under way at once; null for any number."
    )

    @classmethod
    def of(cls, row: WorkQueueRow) -> WorkQueue:
        """The queue of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            priority=row.priority,
            paused=row.paused,
            concurrency_limit=row.concurrency_limit,
        )


@strawberry.type(description="A process that takes runs and executes them.")
class Worker:
    """A worker."""

    row: strawberry.Private[WorkerRow]
    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name.")
    host: str = strawberry.field(description="The machine that it runs on.")
    pid: int = strawberry.field(description="Its process.")
    online: bool = strawberry.field(description="Whether its lease holds.")
    capacity: int | None = strawberry.field(
        description="How many runs it executes at once; null for any number."
    )
    work_queue_names: list[str] | None = strawberry.field(
        description="The queues whose runs it takes; null for all of its pool."
    )
    started_at: DateTime = strawberry.field(description="When it was first heard of.")
    seen_at: DateTime = strawberry.field(description="When it was last heard of.")

    @classmethod
    def of(cls, row: WorkerRow) -> Worker:
        """The worker of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            host=row.host,
            pid=row.pid,
            online=row.lease_until >= now_micros(),
            capacity=row.capacity,
            work_queue_names=None
            if row.queue_names is None
            else msgspec.json.decode(row.queue_names, type=list[str]),
            started_at=DateTime(row.started_at),
            seen_at=DateTime(row.seen_at),
        )

    @strawberry.field(description="Its pool; null for a process that serves deployments.")
    async def work_pool_name(self, info: Info) -> str | None:
        """The pool."""
        if self.row.work_pool_id is None:
            return None
        return await info.context.loaders.pool_name.load(self.row.work_pool_id)


@strawberry.type(description="Where runs of deployments wait for workers.")
class WorkPool:
    """A pool."""

    row: strawberry.Private[WorkPoolRow]
    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name.")
    type: str = strawberry.field(description="How its workers execute runs: `process`.")
    description: str | None = strawberry.field(description="What it is for.")
    paused: bool = strawberry.field(description="Whether its runs wait until it is resumed.")
    concurrency_limit: int | None = strawberry.field(
        description="How many of its runs may be under way at once; null for any number."
    )
    created_at: DateTime = strawberry.field(description="When it was created.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @classmethod
    def of(cls, row: WorkPoolRow) -> WorkPool:
        """The pool of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            type=row.type,
            description=row.description,
            paused=row.paused,
            concurrency_limit=row.concurrency_limit,
            created_at=DateTime(row.created_at),
            revision=row.revision,
        )

    @strawberry.field(description="Its queues, those served first first, at most 200.")
    async def queues(self, info: Info) -> list[WorkQueue]:
        """The queues."""
        rows = await info.context.loaders.queues.load(self.row.id)
        info.context.spend(rows)
        return [WorkQueue.of(row) for row in rows]

    @strawberry.field(description="Its workers, by name, at most 200; `workers` has them all.")
    async def workers(self, info: Info) -> list[Worker]:
        """The workers."""
        rows = await info.context.loaders.workers.load(self.row.id)
        info.context.spend(rows)
        return [Worker.of(row) for row in rows]


def work_pool_connection(context: Context, rows: Slice[WorkPoolRow]) -> Connection[WorkPool]:
    """The connection of a page of pools."""
    context.spend(rows.rows)
    place = Place.WORK_POOL
    return connection(rows, WorkPool.of, place, lambda row: NameKey((row.name,), row.id))


def worker_connection(context: Context, rows: Slice[WorkerRow]) -> Connection[Worker]:
    """The connection of a page of workers."""
    context.spend(rows.rows)
    return connection(rows, Worker.of, Place.WORKER, lambda row: row.id)


@strawberry.type(description="A run that is a worker's from now on, with what it takes to begin.")
class ClaimedRun:
    """A claimed run."""

    flow_run_id: strawberry.ID = strawberry.field(description="The run.")
    name: str = strawberry.field(description="The run's name.")
    epoch: int = strawberry.field(
        description="The number of the claim. What the process of the run records bears it."
    )
    parameters: JSON = strawberry.field(description="The run's arguments by name.")
    job_variables: JSON = strawberry.field(
        description="What the run tells its worker, over what its deployment does."
    )
    scheduled_time: DateTime = strawberry.field(description="When it was due.")
    run_count: int = strawberry.field(
        description="The attempt it is at: 0 unless it goes on after a suspension."
    )
    deployment: Deployment = strawberry.field(description="The deployment it is a run of.")
    folder: str | None = strawberry.field(description="The folder that it starts from.")

    @classmethod
    def of(cls, claimed: Claimed) -> ClaimedRun:
        """The run that was claimed."""
        return cls(
            flow_run_id=strawberry.ID(str(claimed.flow_run_id)),
            name=claimed.name,
            epoch=claimed.epoch,
            parameters=JSON(msgspec.json.decode(claimed.parameters)),
            job_variables=JSON(msgspec.json.decode(claimed.job_variables)),
            scheduled_time=DateTime(claimed.scheduled_time),
            run_count=claimed.run_count,
            deployment=Deployment.of(claimed.deployment),
            folder=claimed.deployment.folder,
        )


@strawberry.type(description="What there is for a worker to do.")
class Claims:
    """The answer to a worker."""

    runs: list[ClaimedRun] = strawberry.field(description="The runs that are its own now.")
    cancelling: list[strawberry.ID] = strawberry.field(
        description="Those of its runs whose process it has to end: somebody wants them cancelled, "
        "or has suspended them."
    )
    next_due: DateTime | None = strawberry.field(
        description="When the next run that waits for it is due; null when none waits."
    )


@strawberry.type(description="A flow's code by value. The service never opens it.")
class Bundle:
    """A bundle."""

    key: str = strawberry.field(description="The SHA-256 of its content.")
    content: str = strawberry.field(description="The content, in base64.")
    about: JSON = strawberry.field(
        description="What it takes to open it, such as the version of Python."
    )
