"""The states that runs enter, as they enter them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID

import peewee
import strawberry

from headrace.records import StateType
from headrace_service.api.context import Context, Info, parse_id
from headrace_service.api.filters import FlowRunEventFilter
from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.api.selection import asks_for
from headrace_service.api.subscriptions.feeds import FeedAfter, checked, start_at
from headrace_service.api.types.feed import (
    FlowRunEvent,
    FlowRunEvents,
    TaskRunEvent,
    TaskRunEvents,
    flow_run_of,
)
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.task_run import TaskRun
from headrace_service.api.watching import OfFlow, latest_progress
from headrace_service.ledger.models import DELETED, EDITED
from headrace_service.ledger.queries.flow_runs import flow_runs_by_id
from headrace_service.ledger.queries.task_runs import task_runs_by_id
from headrace_service.ledger.tail import EventRow

E = TypeVar("E")
T = TypeVar("T")


@strawberry.type(description="What happens to runs.")
class RunSubscriptions:
    """Feeds of the states that runs enter."""

    @strawberry.subscription(
        description="The states that flow runs enter, and what else becomes of them."
    )
    async def flow_runs(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[
            FlowRunEventFilter | None, strawberry.argument(description="Which flow runs.")
        ] = None,
        progress: Annotated[
            bool,
            strawberry.argument(
                description="Also tell, once a message, of each flow run whose task runs changed."
            ),
        ] = False,
    ) -> AsyncGenerator[FlowRunEvents, None]:
        """Follow flow runs."""
        context, start = info.context, start_at(info.context, Place.EVENT, after)
        kinds = frozenset({"flow_run", EDITED, DELETED} | ({"task_run"} if progress else set()))
        ids, of_flow = None, None
        if filter is not None and filter.flow_run_ids is not None:
            ids = frozenset(parse_id(text, "flowRunIds") for text in filter.flow_run_ids)
        if filter is not None and filter.flow_name is not None:
            of_flow = OfFlow(context.ledger, filter.flow_name)
        loads = asks_for(info, "events", "flowRun")

        states = None if filter is None else filter.states

        async def narrow(rows: list[EventRow]) -> list[EventRow]:
            if states is not None:
                rows = [row for row in rows if row.kind == "task_run" or row.payload.type in states]
            return latest_progress(rows if of_flow is None else await of_flow.only(rows))

        feed = context.ledger.feed.events(start, kinds=kinds, flow_run_ids=ids, narrow=narrow)
        async with aclosing(checked(Place.EVENT, feed)) as chunks:
            async for chunk in chunks:
                context.renew()
                if loads and chunk.rows:
                    events = await context.ledger.feed.together(_flow_run_events, chunk.rows)
                else:
                    events = _made(context, FlowRunEvent.of, chunk.rows)
                cursor = encode_cursor(Place.EVENT, chunk.cursor)
                yield FlowRunEvents(events=events, cursor=cursor)

    @strawberry.subscription(description="The states that task runs enter.")
    async def task_runs(
        self,
        info: Info,
        after: FeedAfter = None,
        flow_run_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this flow run.")
        ] = None,
        task_run_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only these task runs.")
        ] = None,
        states: Annotated[
            list[StateType] | None,
            strawberry.argument(description="Only states of one of these types."),
        ] = None,
    ) -> AsyncGenerator[TaskRunEvents, None]:
        """Follow task runs."""
        context, start = info.context, start_at(info.context, Place.EVENT, after)
        ids = None if flow_run_id is None else frozenset({parse_id(flow_run_id, "flowRunId")})
        loads = asks_for(info, "events", "taskRun")
        wanted = frozenset(parse_id(text, "taskRunIds") for text in task_run_ids or ())

        async def narrow(rows: list[EventRow]) -> list[EventRow]:
            return [
                row
                for row in rows
                if (states is None or row.payload.type in states)
                and (task_run_ids is None or row.subject_id in wanted)
            ]

        feed = context.ledger.feed.events(
            start, kinds=frozenset({"task_run"}), flow_run_ids=ids, narrow=narrow
        )
        async with aclosing(checked(Place.EVENT, feed)) as chunks:
            async for chunk in chunks:
                context.renew()
                if loads and chunk.rows:
                    events = await context.ledger.feed.together(_task_run_events, chunk.rows)
                else:
                    events = _made(context, TaskRunEvent.of, chunk.rows)
                cursor = encode_cursor(Place.EVENT, chunk.cursor)
                yield TaskRunEvents(events=events, cursor=cursor)


def _made(
    context: Context, make: Callable[[EventRow, Mapping[UUID, T]], E], rows: Sequence[EventRow]
) -> list[E]:
    """The events of rows, without the runs as they are now: so they are everybody's."""
    made_of = context.ledger.feed.made_of
    return [made_of(row, make, partial(make, row, {})) for row in rows]


def _flow_run_events(db: peewee.Database, rows: Sequence[EventRow]) -> list[FlowRunEvent]:
    """The events of rows, with the flow runs as they are now."""
    found = flow_runs_by_id(db, list({flow_run_of(row) for row in rows}))
    runs = {row.id: FlowRun.of(row) for row in found if row is not None}
    return [FlowRunEvent.of(row, runs) for row in rows]


def _task_run_events(db: peewee.Database, rows: Sequence[EventRow]) -> list[TaskRunEvent]:
    """The events of rows, with the task runs as they are now."""
    found = task_runs_by_id(db, list({row.subject_id for row in rows}))
    runs = {row.id: TaskRun.of(row) for row in found if row is not None}
    return [TaskRunEvent.of(row, runs) for row in rows]
