"""What can be asked for."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import strawberry

from headrace.records import WIRE_VERSION, now_micros
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
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    encode_cursor,
    page_of,
)
from headrace_service.api.scalars import Cursor, DateTime
from headrace_service.api.types.flow import Flow, flow_connection
from headrace_service.api.types.flow_run import FlowRun, flow_run_connection
from headrace_service.api.types.log import LogConnection, log_connection
from headrace_service.api.types.node import Node
from headrace_service.api.types.task_run import TaskRun, task_run_connection
from headrace_service.ledger.queries import events, flow_runs, flows, logs, task_runs


def package_version() -> str:
    """The installed version; `0` in a checkout that is not installed."""
    try:
        return version("headrace")
    except PackageNotFoundError:
        return "0"


@strawberry.type(description="The service, and where its feeds stand.")
class ServerInfo:
    """What a client asks for at the first contact."""

    version: str = strawberry.field(description="The service's version.")
    wire_version: int = strawberry.field(
        description="The newest form of record batches that it reads; clients do not send newer."
    )
    ledger: str = strawberry.field(description="Where it records: the ledger's file.")
    now: DateTime = strawberry.field(description="The service's clock.")
    feed_cursor: Cursor = strawberry.field(
        description="Where the feeds of flow runs and task runs stand."
    )
    log_cursor: Cursor = strawberry.field(description="Where the feed of log lines stands.")


@strawberry.type(description="What can be asked for.")
class Query:
    """The root of queries."""

    @strawberry.field(description="The service, and where its feeds stand.")
    async def server_info(self, info: Info) -> ServerInfo:
        """The service."""
        ledger = info.context.ledger
        event, log = await ledger.aread(events.latest)
        return ServerInfo(
            version=package_version(),
            wire_version=WIRE_VERSION,
            ledger=str(ledger.path),
            now=DateTime(now_micros()),
            feed_cursor=encode_cursor(Place.EVENT, event),
            log_cursor=encode_cursor(Place.LOG, log),
        )

    @strawberry.field(description="Anything that has an id, by it; null when there is none.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> Node | None:
        """A flow run, task run or flow."""
        key, loaders = parse_id(id), info.context.loaders
        if (flow_run := await loaders.flow_run.load(key)) is not None:
            return FlowRun.of(flow_run)
        if (task_run := await loaders.task_run.load(key)) is not None:
            return TaskRun.of(task_run)
        flow = await loaders.flow.load(key)
        return None if flow is None else Flow.of(flow)

    @strawberry.field(description="The flows, by name.")
    async def flows(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        name_contains: Annotated[
            str | None,
            strawberry.argument(description="With this in the name, in small letters or capitals."),
        ] = None,
    ) -> Connection[Flow]:
        """A page of the flows."""
        page = page_of(Place.FLOW, first, after, last, before)
        rows = await info.context.ledger.aread(flows.page_of_flows, page, name_contains)
        return flow_connection(info.context, rows)

    @strawberry.field(description="A flow by its id or its name; null when there is none.")
    async def flow(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        name: Annotated[str | None, strawberry.argument(description="Its name.")] = None,
    ) -> Flow | None:
        """One flow."""
        if (id is None) == (name is None):
            raise InputError("id: give either id or name", "id")
        if name is not None:
            row = await info.context.ledger.aread(flows.flow_by_name, name)
        else:
            row = await info.context.loaders.flow.load(parse_id(str(id)))
        return None if row is None else Flow.of(row)

    @strawberry.field(description="The flow runs, newest first.")
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
    ) -> Connection[FlowRun]:
        """A page of the flow runs."""
        page = page_of(Place.FLOW_RUN, first, after, last, before)
        where = flow_runs_where(filter)
        rows = await info.context.ledger.aread(flow_runs.page_of_flow_runs, page, where)
        return flow_run_connection(info.context, rows)

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
    ) -> Connection[TaskRun]:
        """A page of the task runs."""
        page = page_of(Place.TASK_RUN, first, after, last, before)
        where = task_runs_where(filter)
        rows = await info.context.ledger.aread(task_runs.page_of_task_runs, page, where)
        return task_run_connection(info.context, rows)

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
