"""Background runs of tasks, as task workers take them."""

from __future__ import annotations

import base64

import strawberry

from headrace_service.ledger.background import ClaimedTaskRun as Claimed


@strawberry.type(description="A background run that a task worker has claimed.")
class ClaimedTaskRun:
    """A claimed run."""

    task_run_id: strawberry.ID = strawberry.field(description="The run.")
    task_key: str = strawberry.field(description="What tells its task from others.")
    name: str = strawberry.field(description="The run's name.")
    epoch: int = strawberry.field(
        description="The number of the claim. What the worker records of the run bears it."
    )
    run_count: int = strawberry.field(description="The attempt it is at: 0 before the first.")
    tags: list[str] = strawberry.field(description="The run's tags.")
    awaits: list[strawberry.ID] = strawberry.field(
        description="The task runs that have not ended and whose results go into it."
    )
    arguments: str = strawberry.field(
        description="Its arguments in base64, as whoever asked for it pickled them."
    )

    @classmethod
    def of(cls, claimed: Claimed) -> ClaimedTaskRun:
        """The run that was claimed."""
        return cls(
            task_run_id=strawberry.ID(str(claimed.task_run_id)),
            task_key=claimed.task_key,
            name=claimed.name,
            epoch=claimed.epoch,
            run_count=claimed.run_count,
            tags=claimed.tags,
            awaits=[strawberry.ID(str(run_id)) for run_id in claimed.awaits],
            arguments=base64.b64encode(claimed.arguments).decode(),
        )


@strawberry.type(description="What there is for a task worker to do.")
class TaskClaims:
    """An answer to a task worker."""

    runs: list[ClaimedTaskRun] = strawberry.field(description="The runs that are its own now.")
    lost: list[strawberry.ID] = strawberry.field(
        description="Those of `holding` that are not its own any more: they have ended, or were "
        "given back, since it was not heard of. It is to end what it executes of them."
    )
