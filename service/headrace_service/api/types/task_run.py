"""Task runs."""

from __future__ import annotations

from typing import Annotated

import msgspec
import strawberry

from headrace_service.api.context import Context, Info
from headrace_service.api.filters import LogFilter, logs_where
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
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.blocker import Blocker
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.log import LogConnection, log_connection, optional_id
from headrace_service.api.types.node import Node
from headrace_service.api.types.state import Attempt, State, attempts_of, duration, states_of
from headrace_service.ledger.queries.events import MOST_STATES
from headrace_service.ledger.queries.orders import RunOrder, place_of
from headrace_service.ledger.queries.paging import Slice
from headrace_service.ledger.queries.task_runs import TaskRunRow


@strawberry.type(description="A run whose result went into a task run.")
class TaskRunInput:
    """An edge of the graph of runs."""

    parameter: str = strawberry.field(description="The parameter that took the result.")
    run_id: strawberry.ID = strawberry.field(
        description="The task run or flow run that the result came from."
    )


@strawberry.type(description="One run of a task.")
class TaskRun(Node):
    """A task run."""

    row: strawberry.Private[TaskRunRow]
    name: str = strawberry.field(description="Its name, such as `fetch_data-2`.")
    task_name: str = strawberry.field(description="The name of its task.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        description="The flow run that it belongs to; null for a task called outside of flows."
    )
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

    @classmethod
    def of(cls, row: TaskRunRow) -> TaskRun:
        """The task run of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            task_name=row.task_name,
            flow_run_id=optional_id(row.flow_run_id),
            run_count=row.run_count,
            created_at=DateTime(row.created_at),
            start_time=None if row.start_time is None else DateTime(row.start_time),
            end_time=None if row.end_time is None else DateTime(row.end_time),
            duration_seconds=duration(row),
            state=State.of_run(row),
        )

    @strawberry.field(description="The flow run that it belongs to, if any.")
    async def flow_run(self, info: Info) -> FlowRun | None:
        """The flow run."""
        if self.row.flow_run_id is None:
            return None
        row = await info.context.loaders.flow_run.load(self.row.flow_run_id)
        return None if row is None else FlowRun.of(row)

    @strawberry.field(
        description="The states it has been in, oldest first: the newest of them, at most "
        f"{MOST_STATES:,}."
    )
    async def state_history(self, info: Info) -> list[State]:
        """Its states."""
        return await states_of(self.row.id, info)

    @strawberry.field(
        description="What it waits for now: slots of concurrency limits, those of its tags or of a "
        "block of its code, at most one for each limit; for a background run, a task worker that "
        "serves its task."
    )
    async def blocked_by(self, info: Info) -> list[Blocker]:
        """Why it does not go on."""
        if self.row.state_type not in ("SCHEDULED", "RUNNING"):
            return []
        found = await info.context.loaders.task_run_blocked_by.load(self.row.id)
        return [Blocker.of(one) for one in found]

    @strawberry.field(
        description="Its attempts, the first first: at most as many as the states in "
        "`stateHistory`, which tells of them."
    )
    async def attempts(self, info: Info) -> list[Attempt]:
        """Its attempts."""
        return await attempts_of(self.row.id, info)

    @strawberry.field(description="Its tags.")
    def tags(self) -> list[str]:
        """The tags."""
        return msgspec.json.decode(self.row.tags, type=list[str]) if self.row.tags else []

    @strawberry.field(
        description="The runs whose results went into it, by parameter: at most as "
        "many as its call was given."
    )
    def inputs(self) -> list[TaskRunInput]:
        """Where its arguments came from."""
        if not self.row.inputs:
            return []
        inputs = msgspec.json.decode(self.row.inputs, type=dict[str, list[str]])
        return [
            TaskRunInput(parameter=parameter, run_id=strawberry.ID(run_id))
            for parameter, run_ids in inputs.items()
            for run_id in run_ids
        ]

    @strawberry.field(description="Its log lines, oldest first.")
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
        rows = await info.context.loaders.task_run_logs.load(key)
        return log_connection(info.context, rows)


def task_run_connection(
    context: Context, rows: Slice[TaskRunRow], order: RunOrder | None = None
) -> Connection[TaskRun]:
    """The connection of a page of task runs."""
    context.spend(rows.rows)
    if order is None or order.is_of_creation:
        return connection(rows, TaskRun.of, Place.TASK_RUN, lambda row: row.id)
    place = Place.TASK_RUN_BY
    return connection(rows, TaskRun.of, place, lambda row: place_of(row, order))
