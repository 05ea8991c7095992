"""Flow runs, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import Flow, FlowRun, WorkPool, WorkQueue
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


class FlowRunRow(msgspec.Struct, frozen=True):
    """A flow run with its flow. `parameters`, `tags` and `task_run_counts` are JSON texts; times
    are in microseconds since 1970 UTC."""

    id: UUID
    flow_id: UUID
    flow_name: str
    flow_created_at: int
    flow_version: str | None
    name: str
    state_type: str
    state_name: str
    state_message: str | None
    state_timestamp: int
    run_count: int
    parameters: str
    tags: str
    parent_flow_run_id: UUID | None
    parent_task_run_id: UUID | None
    created_at: int
    start_time: int | None
    end_time: int | None
    task_run_counts: str
    deployment_id: UUID | None = None
    scheduled_time: int | None = None
    work_queue_id: UUID | None = None


class FlowRunWhere(RunWhere, frozen=True):
    """Which flow runs are wanted; what is None does not matter. Times are in microseconds."""

    flow_name: str | None = None
    flow_ids: frozenset[UUID] | None = None
    flow_names: frozenset[str] | None = None
    flow_name_contains: str | None = None
    flow_versions: frozenset[str] | None = None
    parent_flow_run_id: UUID | None = None
    parent_flow_run_ids: frozenset[UUID] | None = None
    parent_task_run_ids: frozenset[UUID] | None = None
    top_level_only: bool = False
    is_subflow: bool | None = None
    deployment_id: UUID | None = None
    deployment_ids: frozenset[UUID] | None = None
    deployed: bool | None = None
    idempotency_keys: frozenset[str] | None = None
    due_after: int | None = None
    due_before: int | None = None
    work_pool_names: frozenset[str] | None = None
    work_queue_names: frozenset[str] | None = None


ANY_FLOW_RUN = FlowRunWhere()


def flow_run_columns(run: Any) -> list[Any]:
    """The columns of a `FlowRunRow`; the flow is joined to `run`."""
    return [
        run.id,
        run.flow_id,
        Flow.name,
        Flow.created_at,
        run.flow_version,
        run.name,
        run.state_type,
        run.state_name,
        run.state_message,
        run.state_timestamp,
        run.run_count,
        run.parameters,
        run.tags,
        run.parent_flow_run_id,
        run.parent_task_run_id,
        run.created_at,
        run.start_time,
        run.end_time,
        run.task_run_counts,
        run.deployment_id,
        run.scheduled_time,
        run.work_queue_id,
    ]


def flow_run_conditions(run: Any, where: FlowRunWhere) -> list[Any]:
    """The conditions on `run` (the table or an alias of it), save the one on `states`."""
    found = run_conditions(run, where)
    if where.flow_name is not None:
        flow = Flow.select(Flow.id).where(Flow.name == where.flow_name)
        found.append(run.flow_id == flow)
    if where.parent_flow_run_id is not None:
        found.append(run.parent_flow_run_id == where.parent_flow_run_id)
    if where.deployment_id is not None:
        found.append(run.deployment_id == where.deployment_id)
    if where.top_level_only:
        found.append(run.parent_flow_run_id.is_null(True))
    if where.is_subflow is not None:
        found.append(run.parent_flow_run_id.is_null(not where.is_subflow))
    if where.deployed is not None:
        found.append(run.deployment_id.is_null(not where.deployed))
    if where.flow_names is not None:
        named = Flow.select(Flow.id).where(Flow.name.in_(sorted(where.flow_names)))
        found.append(run.flow_id.in_(named))
    if where.flow_name_contains is not None:
        like = Flow.select(Flow.id).where(Flow.name.contains(where.flow_name_contains))
        found.append(run.flow_id.in_(like))
    due = peewee.fn.COALESCE(run.scheduled_time, run.created_at)
    if where.due_after is not None:
        found.append(due >= where.due_after)
    if where.due_before is not None:
        found.append(due < where.due_before)
    if where.work_pool_names is not None or where.work_queue_names is not None:
        found.append(run.work_queue_id.in_(_queues(where)))
    sets: list[tuple[Any, frozenset[Any] | None]] = [
        (run.flow_id, where.flow_ids),
        (run.flow_version, where.flow_versions),
        (run.parent_flow_run_id, where.parent_flow_run_ids),
        (run.parent_task_run_id, where.parent_task_run_ids),
        (run.deployment_id, where.deployment_ids),
        (run.idempotency_key, where.idempotency_keys),
    ]
    return found + [column.in_(list(wanted)) for column, wanted in sets if wanted is not None]


def _queues(where: FlowRunWhere) -> Any:
    """The ids of the wanted queues."""
    query = WorkQueue.select(WorkQueue.id)
    if where.work_queue_names is not None:
        query = query.where(WorkQueue.name.in_(sorted(where.work_queue_names)))
    if where.work_pool_names is not None:
        pools = WorkPool.select(WorkPool.id).where(WorkPool.name.in_(sorted(where.work_pool_names)))
        query = query.where(WorkQueue.work_pool_id.in_(pools))
    return query


def page_of_flow_runs(
    db: peewee.Database,
    page: Page,
    where: FlowRunWhere = ANY_FLOW_RUN,
    order: RunOrder = RunOrder.NEWEST,
) -> Slice[FlowRunRow]:
    """A page of the flow runs."""
    run: Any = FlowRun.alias("run")
    if not order.is_of_creation:
        keys = run.select(run.id).where(True, *flow_run_conditions(run, where))
        ids = ids_in_order(db, with_states(keys, run, where.states), run, order, page)
        found = [row for row in flow_runs_by_id(db, ids) if row is not None]
        return cut(found, page, latest_event(db))
    newest_first = order is RunOrder.NEWEST
    keys = pages_of_states(
        run.select(run.id).where(True, *flow_run_conditions(run, where)),
        run,
        where.states,
        page,
        newest_first=newest_first,
        by_state=is_broad(where),
    )
    # The flow is joined to the page alone: planned as one join, it might be read the other way
    # round, all runs of each flow first.
    query = (
        FlowRun.select(*flow_run_columns(FlowRun))
        .join(Flow, on=(Flow.id == FlowRun.flow_id))
        .where(FlowRun.id.in_(keys))
    )
    rows = [FlowRunRow(*row) for row in query.tuples().execute(db)]
    rows.sort(key=lambda row: row.id, reverse=is_falling(page, newest_first))
    return cut(rows, page, latest_event(db))


def is_broad(where: FlowRunWhere) -> bool:
    """Whether the index by state leads to the wanted runs sooner than any other."""
    narrow = (where.flow_name, where.parent_flow_run_id, where.deployment_id)
    return all(condition is None for condition in narrow)


def flow_runs_by_id(db: peewee.Database, ids: Sequence[UUID]) -> list[FlowRunRow | None]:
    """The flow run of each id; None where there is none."""
    if not ids:
        return []
    query = (
        FlowRun.select(*flow_run_columns(FlowRun))
        .join(Flow, on=(Flow.id == FlowRun.flow_id))
        .where(FlowRun.id.in_(ids))
    )
    found = {row[0]: FlowRunRow(*row) for row in query.tuples().execute(db)}
    return [found.get(run_id) for run_id in ids]


def runs_of_flows(
    db: peewee.Database, flow_ids: Sequence[UUID], page: Page, where: FlowRunWhere
) -> list[Slice[FlowRunRow]]:
    """The page of each flow's runs, newest first."""
    return _pages(db, flow_ids, Flow.alias("parent"), "flow_id", page, where)


def subflow_runs(
    db: peewee.Database, parent_ids: Sequence[UUID], page: Page, where: FlowRunWhere
) -> list[Slice[FlowRunRow]]:
    """The page of the flow runs that each flow run has started, newest first."""
    return _pages(db, parent_ids, FlowRun.alias("parent"), "parent_flow_run_id", page, where)


def _pages(
    db: peewee.Database,
    parent_ids: Sequence[UUID],
    parent: Any,
    column: str,
    page: Page,
    where: FlowRunWhere,
) -> list[Slice[FlowRunRow]]:
    one: Any = FlowRun.alias("one")
    keys = pages_of_states(
        one.select(one.id).where(
            getattr(one, column) == parent.id, *flow_run_conditions(one, where)
        ),
        one,
        where.states,
        page,
        newest_first=True,
        by_state=False,
    )
    query = (
        parent.select(parent.id, *flow_run_columns(FlowRun))
        .join(FlowRun, on=FlowRun.id.in_(keys))
        .join(Flow, on=(Flow.id == FlowRun.flow_id))
        .where(parent.id.in_(parent_ids))
    )
    rows = [(row[0], FlowRunRow(*row[1:])) for row in query.tuples().execute(db)]
    return cut_each(parent_ids, rows, lambda row: row.id, page, latest_event(db), newest_first=True)


def flow_names(db: peewee.Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The name of the flow of each of these flow runs."""
    query = (
        FlowRun.select(FlowRun.id, Flow.name)
        .join(Flow, on=(Flow.id == FlowRun.flow_id))
        .where(FlowRun.id.in_(ids))
    )
    return dict(query.tuples().execute(db))


def within(db: peewee.Database, ids: Sequence[UUID], ancestor: UUID) -> set[UUID]:
    """Those of the flow runs that are `ancestor` or were started below it, however deep."""
    one: Any = FlowRun.alias("one")
    walk: Any = (
        FlowRun.select(
            FlowRun.id.alias("start"), FlowRun.id.alias("id"), FlowRun.parent_flow_run_id
        )
        .where(FlowRun.id.in_(ids))
        .cte("walk", recursive=True, columns=("start", "id", "up"))
    )
    above = one.select(walk.c.start, one.id, one.parent_flow_run_id).join(
        walk, on=(one.id == walk.c.up)
    )
    walk = walk.union(above)
    query = walk.select_from(walk.c.start).where(walk.c.id == ancestor.bytes).distinct()
    return {_uuid(start) for (start,) in query.tuples().execute(db)}


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(bytes=bytes(value))
