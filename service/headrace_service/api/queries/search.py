"""Runs in an order of one's own, from a number on."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.errors import InputError
from headrace_service.api.filters import (
    FlowRunFilter,
    TaskRunFilter,
    flow_runs_where,
    task_runs_where,
)
from headrace_service.api.orders import Order
from headrace_service.api.pagination import MAX_PAGE
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.task_run import TaskRun
from headrace_service.ledger.queries import search
from headrace_service.ledger.queries.orders import RunOrder

Limit = Annotated[int, strawberry.argument(description="How many: 1 to 200.")]
Offset = Annotated[int, strawberry.argument(description="How many of them to leave out first.")]

_COST = "Costs as much as all that fit: a page of `{}` costs the same wherever it stands."


@strawberry.type(description="Runs in an order of one's own, from a number on.")
class SearchQueries:
    """Queries that look at all runs that fit."""

    @strawberry.field(description=f"Flow runs in an order. {_COST.format('flowRuns')}")
    async def search_flow_runs(
        self,
        info: Info,
        filter: Annotated[
            FlowRunFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        order_by: Order = None,
        limit: Limit = MAX_PAGE,
        offset: Offset = 0,
    ) -> list[FlowRun]:
        """Some flow runs."""
        _check(limit, offset)
        where = flow_runs_where(filter)
        rows = await info.context.ledger.aread(
            search.search_flow_runs, where, order_by or RunOrder.NEWEST, limit, offset
        )
        info.context.spend(rows)
        return [FlowRun.of(row) for row in rows]

    @strawberry.field(description=f"Task runs in an order. {_COST.format('taskRuns')}")
    async def search_task_runs(
        self,
        info: Info,
        filter: Annotated[
            TaskRunFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        flow_runs: Annotated[
            FlowRunFilter | None, strawberry.argument(description="Of which flow runs.")
        ] = None,
        order_by: Order = None,
        limit: Limit = MAX_PAGE,
        offset: Offset = 0,
    ) -> list[TaskRun]:
        """Some task runs."""
        _check(limit, offset)
        owners = None if flow_runs is None else flow_runs_where(flow_runs)
        rows = await info.context.ledger.aread(
            search.search_task_runs,
            task_runs_where(filter),
            owners,
            order_by or RunOrder.NEWEST,
            limit,
            offset,
        )
        info.context.spend(rows)
        return [TaskRun.of(row) for row in rows]


def _check(limit: int, offset: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise InputError(f"limit: {limit} is not from 1 to {MAX_PAGE}", "limit")
    if not 0 <= offset < 2**31:
        raise InputError(f"offset: {offset} is not 0 or more", "offset")
