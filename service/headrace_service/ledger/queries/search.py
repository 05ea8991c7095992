"""Runs in an order of one's own, from a number on: for programs, on lists that are not too long.

Unlike a keyset page, what is found here costs as much as everything that fits the conditions.
"""

from __future__ import annotations

from typing import Any

import peewee

from headrace_service.ledger.models import Flow, FlowRun, TaskRun
from headrace_service.ledger.queries.flow_runs import (
    FlowRunRow,
    FlowRunWhere,
    flow_run_columns,
    flow_run_conditions,
)
from headrace_service.ledger.queries.orders import RunOrder, term_of
from headrace_service.ledger.queries.task_runs import (
    TaskRunRow,
    TaskRunWhere,
    task_run_columns,
    task_run_conditions,
)


def _terms(run: Any, order: RunOrder) -> list[Any]:
    """What to order by; runs that are equal in it come newest first."""
    term = term_of(run, order)
    last = "last"  # what has not begun or ended has no place in such an order
    return [term.asc(nulls=last) if order.rises else term.desc(nulls=last), run.id.desc()]


def search_flow_runs(
    db: peewee.Database, where: FlowRunWhere, order: RunOrder, limit: int, offset: int
) -> list[FlowRunRow]:
    """Flow runs in an order, `limit` of them after the first `offset`."""
    query = (
        FlowRun.select(*flow_run_columns(FlowRun))
        .join(Flow, on=(Flow.id == FlowRun.flow_id))
        .where(True, *flow_run_conditions(FlowRun, where))
        .order_by(*_terms(FlowRun, order))
        .limit(limit)
        .offset(offset)
    )
    if where.states is not None:
        query = query.where(FlowRun.state_type.in_(sorted(where.states)))
    return [FlowRunRow(*row) for row in query.tuples().execute(db)]


def search_task_runs(
    db: peewee.Database,
    where: TaskRunWhere,
    runs: FlowRunWhere | None,
    order: RunOrder,
    limit: int,
    offset: int,
) -> list[TaskRunRow]:
    """Task runs in an order, `limit` of them after the first `offset`.

    Args:
        db: the database.
        where: which of them.
        runs: of which flow runs; None for any, and those that belong to none.
        order: what they are sorted by.
        limit: how many at most.
        offset: how many to leave out first.
    """
    query = (
        TaskRun.select(*task_run_columns(TaskRun))
        .where(True, *task_run_conditions(TaskRun, where))
        .order_by(*_terms(TaskRun, order))
        .limit(limit)
        .offset(offset)
    )
    if where.states is not None:
        query = query.where(TaskRun.state_type.in_(sorted(where.states)))
    if runs is not None:
        owner: Any = FlowRun.alias("owner")
        owners = owner.select(owner.id).where(True, *flow_run_conditions(owner, runs))
        if runs.states is not None:
            owners = owners.where(owner.state_type.in_(sorted(runs.states)))
        query = query.where(TaskRun.flow_run_id.in_(owners))
    return [TaskRunRow(*row) for row in query.tuples().execute(db)]
