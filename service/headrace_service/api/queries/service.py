"""The service itself, and anything by its id."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import strawberry

from headrace.records import WIRE_VERSION, now_micros
from headrace_service.api.context import Info, parse_id
from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.api.scalars import Cursor, DateTime
from headrace_service.api.types.api_token import ApiTokenScope
from headrace_service.api.types.flow import Flow
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.node import Node
from headrace_service.api.types.retention import RetentionProgress
from headrace_service.api.types.task_run import TaskRun
from headrace_service.ledger.queries import events
from headrace_service.ledger.retention import progress


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
    scope: ApiTokenScope = strawberry.field(description="What whoever asks may do.")


@strawberry.type(description="The service itself, and anything by its id.")
class ServiceQueries:
    """Queries about the service."""

    @strawberry.field(description="The service, and where its feeds stand.")
    async def server_info(self, info: Info) -> ServerInfo:
        """The service."""
        ledger = info.context.ledger
        event, log = await ledger.aread(events.latest)
        return ServerInfo(
            version=package_version(),
            wire_version=WIRE_VERSION,
            ledger=ledger.name,
            now=DateTime(now_micros()),
            feed_cursor=encode_cursor(Place.EVENT, event),
            log_cursor=encode_cursor(Place.LOG, log),
            scope=ApiTokenScope(info.context.caller.scope),
        )

    @strawberry.field(
        description="How long things of each kind are kept, and what was deleted for its age."
    )
    async def retention(self, info: Info) -> list[RetentionProgress]:
        """What retention does, kind by kind."""
        ledger = info.context.ledger
        rows = await ledger.aread(progress, ledger.keep)
        return [RetentionProgress.of(row) for row in rows]

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
