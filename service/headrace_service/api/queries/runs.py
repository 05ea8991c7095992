"""Queries about flow runs, task runs and their log lines."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import (
    FlowRunFilter,
    LogFilter,
    TaskRunFilter,
    flow_runs_where,
    logs_where,
    task_runs_where,
)
from headrace_service.api.orders import Order, page_in_order
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.flow_run import FlowRun, flow_run_connection
from headrace_service.api.types.log import LogConnection, log_connection
from headrace_service.api.types.task_run import TaskRun, task_run_connection
from headrace_service.ledger.queries import flow_runs, logs, task_runs
from headrace_service.ledger.queries.orders import RunOrder


@strawberry.type(description="Flow runs, task runs and log lines.")
class RunQueries:
    """Queries about runs."""

    @strawberry.field(description="The flow runs.")
    async def flow_runs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            FlowRunFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        order_by: Order = None,
    ) -> Connection[FlowRun]:
        """A page of the flow runs."""
        places = Place.FLOW_RUN, Place.FLOW_RUN_BY
        page = page_in_order(order_by, *places, first, after, last, before)
        where, order = flow_runs_where(filter), order_by or RunOrder.NEWEST
        rows = await info.context.ledger.aread(flow_runs.page_of_flow_runs, page, where, order)
        return flow_run_connection(info.context, rows, order)

    @strawberry.field(description="A flow run by its id; null when there is none.")
    async def flow_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> FlowRun | None:
        """One flow run."""
        row = await info.context.loaders.flow_run.load(parse_id(id))
        return None if row is None else FlowRun.of(row)

    @strawberry.field(
        description="The task runs, newest first; with `flowRunId` in the filter, oldest first."
    )
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
        order_by: Annotated[
            RunOrder | None,
            strawberry.argument(
                description="What they are sorted by; orders other than NEWEST and OLDEST are for "
                "one flow run's, so that they need `flowRunId` in the filter."
            ),
        ] = None,
    ) -> Connection[TaskRun]:
        """A page of the task runs."""
        places = Place.TASK_RUN, Place.TASK_RUN_BY
        page = page_in_order(order_by, *places, first, after, last, before)
        where = task_runs_where(filter)
        if order_by is not None and not order_by.is_of_creation and where.flow_run_id is None:
            raise InputError(
                f"orderBy: {order_by.name} is for the task runs of one flow run; "
                "give flowRunId in the filter",
                "orderBy",
            )
        rows = await info.context.ledger.aread(task_runs.page_of_task_runs, page, where, order_by)
        return task_run_connection(info.context, rows, order_by)

    @strawberry.field(description="A task run by its id; null when there is none.")
    async def task_run(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> TaskRun | None:
        """One task run."""
        row = await info.context.loaders.task_run.load(parse_id(id))
        return None if row is None else TaskRun.of(row)

    @strawberry.field(description="The log lines, oldest first.")
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
        """A page of the log lines."""
        page = page_of(Place.LOG, first, after, last, before)
        rows = await info.context.ledger.aread(logs.page_of_logs, page, logs_where(filter))
        return log_connection(info.context, rows)
