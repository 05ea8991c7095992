"""Task runs: newest first over all of them, oldest first within one flow run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import FlowRun, TaskRun
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.narrowing import RunWhere, run_conditions
from headrace_service.ledger.queries.orders import RunOrder, ids_in_order
from headrace_service.ledger.queries.paging import (
    Page,
    Slice,
    cut,
    cut_each,
    is_falling,
    pages_of_states,
    with_states,
)


class TaskRunRow(msgspec.Struct, frozen=True):
    """A task run. `tags` and `inputs` are JSON texts; times are in microseconds since 1970 UTC."""

    id: UUID
    flow_run_id: UUID | None
    task_name: str
    name: str
    state_type: str
    state_name: str
    state_message: str | None
    state_timestamp: int
    run_count: int
    tags: str | None
    inputs: str | None
    created_at: int
    start_time: int | None
    end_time: int | None


class TaskRunWhere(RunWhere, frozen=True):
    """Which task runs are wanted; what is None does not matter. Times are in microseconds."""

    flow_run_id: UUID | None = None
    flow_run_ids: frozenset[UUID] | None = None
    task_name: str | None = None


ANY_TASK_RUN = TaskRunWhere()


def task_run_columns(run: Any) -> list[Any]:
    """The columns of a `TaskRunRow`."""
    return [getattr(run, name) for name in TaskRunRow.__struct_fields__]


def task_run_conditions(run: Any, where: TaskRunWhere) -> list[Any]:
    """The conditions on `run` (the table or an alias of it), save the one on `states`."""
    found = run_conditions(run, where)
    if where.flow_run_id is not None:
        found.append(run.flow_run_id == where.flow_run_id)
    if where.flow_run_ids is not None:
        found.append(run.flow_run_id.in_(list(where.flow_run_ids)))
    if where.task_name is not None:
        found.append(run.task_name == where.task_name)
    return found


def page_of_task_runs(
    db: peewee.Database,
    page: Page,
    where: TaskRunWhere = ANY_TASK_RUN,
    order: RunOrder | None = None,
) -> Slice[TaskRunRow]:
    """A page of the task runs: newest first, or oldest first when one flow run's are asked for.

    In an order other than that of creation, it costs as much as all the flow run's task runs.
    """
    one: Any = TaskRun.alias("one")
    if order is None:
        order = RunOrder.NEWEST if where.flow_run_id is None else RunOrder.OLDEST
    if not order.is_of_creation:
        keys = one.select(one.id).where(True, *task_run_conditions(one, where))
        ids = ids_in_order(db, with_states(keys, one, where.states), one, order, page)
        found = [row for row in task_runs_by_id(db, ids) if row is not None]
        return cut(found, page, latest_event(db))
    newest_first = order is RunOrder.NEWEST
    keys = pages_of_states(
        one.select(one.id).where(True, *task_run_conditions(one, where)),
        one,
        where.states,
        page,
        newest_first=newest_first,
        by_state=where.flow_run_id is None,
    )
    query = TaskRun.select(*task_run_columns(TaskRun)).where(TaskRun.id.in_(keys))
    rows = [TaskRunRow(*row) for row in query.tuples().execute(db)]
    rows.sort(key=lambda row: row.id, reverse=is_falling(page, newest_first))
    return cut(rows, page, latest_event(db))


def task_runs_by_id(db: peewee.Database, ids: Sequence[UUID]) -> list[TaskRunRow | None]:
    """The task run of each id; None where there is none."""
    if not ids:
        return []
    query = TaskRun.select(*task_run_columns(TaskRun)).where(TaskRun.id.in_(ids))
    found = {row[0]: TaskRunRow(*row) for row in query.tuples().execute(db)}
    return [found.get(run_id) for run_id in ids]


def task_runs_of(
    db: peewee.Database, flow_run_ids: Sequence[UUID], page: Page, where: TaskRunWhere
) -> list[Slice[TaskRunRow]]:
    """The page of each flow run's task runs, oldest first."""
    parent: Any = FlowRun.alias("parent")
    one: Any = TaskRun.alias("one")
    keys = pages_of_states(
        one.select(one.id).where(one.flow_run_id == parent.id, *task_run_conditions(one, where)),
        one,
        where.states,
        page,
        newest_first=False,
        by_state=False,
    )
    query = (
        parent.select(parent.id, *task_run_columns(TaskRun))
        .join(TaskRun, on=TaskRun.id.in_(keys))
        .where(parent.id.in_(flow_run_ids))
    )
    rows = [(row[0], TaskRunRow(*row[1:])) for row in query.tuples().execute(db)]
    return cut_each(
        flow_run_ids, rows, lambda row: row.id, page, latest_event(db), newest_first=False
    )
