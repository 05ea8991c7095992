"""What holds a run back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.scalars import DateTime
from headrace_service.blocking import Blocker as BlockerFound
from headrace_service.blocking import Reason

if TYPE_CHECKING:
    from headrace_service.api.types.flow_run import FlowRun
    from headrace_service.api.types.task_run import TaskRun

_MEANING = {
    Reason.NOT_DUE: "The time has not come at which it is to start.",
    Reason.AWAITING_RETRY: "An attempt has failed, and the next one is still to come.",
    Reason.AWAITING_RESUME: "It is paused, and somebody has to resume it.",
    Reason.POOL_PAUSED: "Its work pool is paused.",
    Reason.QUEUE_PAUSED: "Its work queue is paused.",
    Reason.NO_WORKER: "Nobody is there who would execute it.",
    Reason.WORKERS_BUSY: "All who could execute it have as many runs as they take.",
    Reason.POOL_LIMIT: "Its work pool has as many runs under way as it may.",
    Reason.QUEUE_LIMIT: "Its work queue has as many runs under way as it may.",
    Reason.CONCURRENCY_LIMIT: "All slots are taken of a limit of which it is to have some.",
    Reason.DEPLOYMENT_LIMIT: "Its deployment has as many runs under way as it may.",
    Reason.OVERLAP: "An earlier run of its schedule has not ended.",
}
strawberry.enum(Reason, name="BlockerReason", description="What kind of thing holds a run back.")
for _value in Reason.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _MEANING[Reason(_value.value)]

#: How many of the runs that hold a place are told.
MOST_HOLDERS = 20


@strawberry.type(description="One of the things that hold a run back.")
class Blocker:
    """A blocker."""

    found: strawberry.Private[BlockerFound]
    reason: Reason = strawberry.field(description="What kind of thing it is.")
    message: str = strawberry.field(description="What it is, and what mends it if something does.")
    until: DateTime | None = strawberry.field(description="When it will be over, if that is known.")

    @classmethod
    def of(cls, found: BlockerFound) -> Blocker:
        """The blocker that was found."""
        until = None if found.until is None else DateTime(found.until)
        return cls(found=found, reason=found.reason, message=found.message, until=until)

    @strawberry.field(
        description="The flow runs that have what it waits for; at most twenty are told."
    )
    async def held_by(
        self, info: Info
    ) -> list[Annotated[FlowRun, strawberry.lazy("headrace_service.api.types.flow_run")]]:
        """The holders."""
        from headrace_service.api.types.flow_run import FlowRun

        keys = self.found.held_by[:MOST_HOLDERS]
        rows = [row for row in await info.context.loaders.flow_run.load_many(keys) if row]
        info.context.spend(rows)
        return [FlowRun.of(row) for row in rows]

    @strawberry.field(
        description="The task runs that have what it waits for; at most twenty are told."
    )
    async def held_by_task_runs(
        self, info: Info
    ) -> list[Annotated[TaskRun, strawberry.lazy("headrace_service.api.types.task_run")]]:
        """The holders that are task runs."""
        from headrace_service.api.types.task_run import TaskRun

        keys = self.found.held_by_tasks[:MOST_HOLDERS]
        rows = [row for row in await info.context.loaders.task_run.load_many(keys) if row]
        info.context.spend(rows)
        return [TaskRun.of(row) for row in rows]
