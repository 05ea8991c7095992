"""Flow runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import strawberry

from headrace_service.api.context import Context, Info
from headrace_service.api.filters import (
    FlowRunFilter,
    LogFilter,
    TaskRunFilter,
    flow_runs_where,
    logs_where,
    task_runs_where,
)
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    connection,
    page_of,
)
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.blocker import Blocker
from headrace_service.api.types.deployment import Deployment
from headrace_service.api.types.flow import Flow
from headrace_service.api.types.log import LogConnection, log_connection, optional_id
from headrace_service.api.types.node import Node
from headrace_service.api.types.state import (
    Attempt,
    State,
    StateCount,
    TaskSummary,
    attempts_of,
    duration,
    state_counts,
    states_of,
)
from headrace_service.ledger.queries.events import MOST_STATES
from headrace_service.ledger.queries.flow_runs import FlowRunRow
from headrace_service.ledger.queries.flows import FlowRow
from headrace_service.ledger.queries.orders import RunOrder, place_of
from headrace_service.ledger.queries.paging import Slice

if TYPE_CHECKING:
    from headrace_service.api.types.task_run import TaskRun

LazyTaskRun = Annotated["TaskRun", strawberry.lazy("headrace_service.api.types.task_run")]


@strawberry.type(description="One run of a flow.")
class FlowRun(Node):
    """A flow run."""

    row: strawberry.Private[FlowRunRow]
    name: str = strawberry.field(description="Its name, such as `nimble-falcon`.")
    flow_name: str = strawberry.field(description="The name of its flow.")
    flow_version: str | None = strawberry.field(description="The version of its flow's code.")
    run_count: int = strawberry.field(
        description="How many attempts were started; one less is the number of retries."
    )
    created_at: DateTime = strawberry.field(description="When it was created.")
    start_time: DateTime | None = strawberry.field(description="When it first ran.")
    end_time: DateTime | None = strawberry.field(description="When it ended.")
    duration_seconds: float | None = strawberry.field(
        description="Seconds from its start to its end, or to now while it runs; null before."
    )
    state: State = strawberry.field(description="The state it is in.")
    parent_flow_run_id: strawberry.ID | None = strawberry.field(
        description="The flow run that started it, if one did."
    )
    parent_task_run_id: strawberry.ID | None = strawberry.field(
        description="The task run that started it, if one did."
    )

    deployment_id: strawberry.ID | None = strawberry.field(
        description="The deployment it is a run of, if it is one's."
    )
    scheduled_time: DateTime | None = strawberry.field(
        description="When it was due, if it is a deployment's run."
    )

    @classmethod
    def of(cls, row: FlowRunRow) -> FlowRun:
        """The flow run of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            flow_name=row.flow_name,
            flow_version=row.flow_version,
            run_count=row.run_count,
            created_at=DateTime(row.created_at),
            start_time=None if row.start_time is None else DateTime(row.start_time),
            end_time=None if row.end_time is None else DateTime(row.end_time),
            duration_seconds=duration(row),
            state=State.of_run(row),
            parent_flow_run_id=optional_id(row.parent_flow_run_id),
            parent_task_run_id=optional_id(row.parent_task_run_id),
            deployment_id=optional_id(row.deployment_id),
            scheduled_time=None if row.scheduled_time is None else DateTime(row.scheduled_time),
        )

    @strawberry.field(description="Its flow.")
    def flow(self) -> Flow:
        """The flow, which its row brings along."""
        row = self.row
        return Flow.of(FlowRow(row.flow_id, row.flow_name, row.flow_created_at))

    @strawberry.field(
        description="The deployment it is a run of; null when it is of none, or that is deleted."
    )
    async def deployment(self, info: Info) -> Deployment | None:
        """The deployment."""
        if self.row.deployment_id is None:
            return None
        row = await info.context.loaders.deployment.load(self.row.deployment_id)
        return None if row is None else Deployment.of(row)

    @strawberry.field(description="The pool in which it waited for a worker, if it did.")
    async def work_pool_name(self, info: Info) -> str | None:
        """The pool."""
        found = await self._queue(info)
        return None if found is None else found[0]

    @strawberry.field(description="The queue of that pool.")
    async def work_queue_name(self, info: Info) -> str | None:
        """The queue."""
        found = await self._queue(info)
        return None if found is None else found[1]

    async def _queue(self, info: Info) -> tuple[str, str] | None:
        if self.row.work_queue_id is None:
            return None
        return await info.context.loaders.queue_names.load(self.row.work_queue_id)

    @strawberry.field(
        description="The states it has been in, oldest first: the newest of them, at most "
        f"{MOST_STATES:,}."
    )
    async def state_history(self, info: Info) -> list[State]:
        """Its states."""
        return await states_of(self.row.id, info)

    @strawberry.field(
        description="Its attempts, the first first: at most as many as the states in "
        "`stateHistory`, which tells of them."
    )
    async def attempts(self, info: Info) -> list[Attempt]:
        """Its attempts."""
        return await attempts_of(self.row.id, info)

    @strawberry.field(
        description="What holds it back now, at most one for each limit, queue and pool that it "
        "needs; nothing when it runs, is about to, or has ended."
    )
    async def blocked_by(self, info: Info) -> list[Blocker]:
        """Why it is not running."""
        if self.row.state_type not in ("SCHEDULED", "PAUSED"):
            return []
        found = await info.context.loaders.blocked_by.load(self.row.id)
        return [Blocker.of(one) for one in found]

    @strawberry.field(description="The arguments it was called with, by name.")
    def parameters(self) -> JSON:
        """The parameters."""
        return JSON(msgspec.json.decode(self.row.parameters))

    @strawberry.field(description="Its tags.")
    def tags(self) -> list[str]:
        """The tags."""
        return msgspec.json.decode(self.row.tags, type=list[str])

    @strawberry.field(
        description="How many of its task runs are in states of each type, without the zeros."
    )
    def task_run_counts(self) -> list[StateCount]:
        """Its progress."""
        return state_counts(self.row.task_run_counts)

    @strawberry.field(
        description="How its runs of each task stand, by the tasks' names: 500 names at most."
    )
    async def task_summary(self, info: Info) -> list[TaskSummary]:
        """Its tasks."""
        rows = await info.context.loaders.task_summary.load(self.row.id)
        info.context.spend(rows)
        return [TaskSummary.of(row) for row in rows]

    @strawberry.field(description="Its task runs, oldest first.")
    async def task_runs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TaskRunFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[LazyTaskRun]:
        """A page of its task runs."""
        from headrace_service.api.types.task_run import task_run_connection

        page = page_of(Place.TASK_RUN, first, after, last, before)
        key = (self.row.id, page, task_runs_where(filter))
        rows = await info.context.loaders.task_runs.load(key)
        return task_run_connection(info.context, rows)

    @strawberry.field(description="The flow runs that it has started, newest first.")
    async def subflow_runs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            FlowRunFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[FlowRun]:
        """A page of its subflow runs."""
        page = page_of(Place.FLOW_RUN, first, after, last, before)
        key = (self.row.id, page, flow_runs_where(filter))
        rows = await info.context.loaders.subflow_runs.load(key)
        return flow_run_connection(info.context, rows)

    @strawberry.field(description="Its log lines and its task runs', oldest first.")
    async def logs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            LogFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> LogConnection:
        """A page of its log lines."""
        page = page_of(Place.LOG, first, after, last, before)
        key = (self.row.id, page, logs_where(filter))
        rows = await info.context.loaders.flow_run_logs.load(key)
        return log_connection(info.context, rows)


def flow_run_connection(
    context: Context, rows: Slice[FlowRunRow], order: RunOrder | None = None
) -> Connection[FlowRun]:
    """The connection of a page of flow runs."""
    context.spend(rows.rows)
    if order is None or order.is_of_creation:
        return connection(rows, FlowRun.of, Place.FLOW_RUN, lambda row: row.id)
    place = Place.FLOW_RUN_BY
    return connection(rows, FlowRun.of, place, lambda row: place_of(row, order))
