"""Log lines, oldest first: in the order in which the ledger took them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import NO_ID, FlowRun, Log, TaskRun
from headrace_service.ledger.queries.events import latest_log
from headrace_service.ledger.queries.paging import Page, Slice, cut, cut_each, keyset, without_index


class LogRow(msgspec.Struct, frozen=True):
    """A log line. `at` is in microseconds since 1970 UTC."""

    seq: int
    at: int
    level: int
    flow_run_id: UUID | None
    task_run_id: UUID | None
    logger: str
    message: str


class LogWhere(msgspec.Struct, frozen=True):
    """Which log lines are wanted; what is None does not matter. Times are in microseconds.

    `include_subflows` takes, with a flow run's lines, those of every flow run started below it.
    """

    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None
    min_level: int = 0
    message_contains: str | None = None
    since: int | None = None
    until: int | None = None
    include_subflows: bool = False


ANY_LOG = LogWhere()


def _columns(log: Any) -> list[Any]:
    return [getattr(log, name) for name in LogRow.__struct_fields__]


def _conditions(log: Any, where: LogWhere) -> list[Any]:
    found: list[Any] = []
    if where.task_run_id is not None:
        found.append(log.task_run_id == where.task_run_id)
    if where.min_level > 0:
        found.append(log.level >= where.min_level)
    if where.message_contains:
        found.append(log.message.contains(where.message_contains))
    if where.since is not None:
        found.append(log.at >= where.since)
    if where.until is not None:
        found.append(log.at < where.until)
    return found


def _tree(roots: Any) -> Any:
    """A common table expression: each root with the ids of all runs below it, and itself."""
    below: Any = FlowRun.alias("below")
    top: Any = FlowRun.alias("top")
    tree: Any = (
        top.select(top.id, top.id)
        .where(top.id.in_(roots))
        .cte("tree", recursive=True, columns=("root", "id"))
    )
    step = below.select(tree.c.root, below.id).join(
        tree, on=(below.parent_flow_run_id == tree.c.id)
    )
    return tree.union(step)


def page_of_logs(db: peewee.Database, page: Page, where: LogWhere = ANY_LOG) -> Slice[LogRow]:
    """A page of the log lines, oldest first."""
    query = Log.select(*_columns(Log)).where(True, *_conditions(Log, where))
    if where.flow_run_id is not None and where.include_subflows:
        tree = _tree([where.flow_run_id])
        query = query.where(Log.flow_run_id.in_(tree.select_from(tree.c.id))).with_cte(tree)
    elif where.flow_run_id is not None:
        # A task run's lines are fewer than its flow run's: it is the one to be looked up.
        by_run = where.task_run_id is None
        column = Log.flow_run_id if by_run else without_index(Log.flow_run_id, NO_ID)
        query = query.where(column == where.flow_run_id.bytes)
    query = keyset(query, Log.seq, page, newest_first=False)
    rows = [LogRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_log(db))


def logs_of_flow_runs(
    db: peewee.Database, flow_run_ids: Sequence[UUID], page: Page, where: LogWhere
) -> list[Slice[LogRow]]:
    """The page of each flow run's lines, oldest first."""
    parent: Any = FlowRun.alias("parent")
    one: Any = Log.alias("one")
    if not where.include_subflows:
        return _pages(db, parent, one, one.flow_run_id == parent.id, flow_run_ids, page, where)
    tree = _tree(flow_run_ids)
    runs = peewee.Select([tree], [tree.c.id]).where(tree.c.root == parent.id)
    return _pages(db, parent, one, one.flow_run_id.in_(runs), flow_run_ids, page, where, tree)


def logs_of_task_runs(
    db: peewee.Database, task_run_ids: Sequence[UUID], page: Page, where: LogWhere
) -> list[Slice[LogRow]]:
    """The page of each task run's lines, oldest first."""
    parent: Any = TaskRun.alias("parent")
    one: Any = Log.alias("one")
    return _pages(db, parent, one, one.task_run_id == parent.id, task_run_ids, page, where)


def _pages(
    db: peewee.Database,
    parent: Any,
    one: Any,
    belongs: Any,
    parent_ids: Sequence[UUID],
    page: Page,
    where: LogWhere,
    tree: Any = None,
) -> list[Slice[LogRow]]:
    keys = one.select(one.seq).where(belongs, *_conditions(one, where))
    if where.flow_run_id is not None:
        keys = keys.where(one.flow_run_id == where.flow_run_id)
    keys = keyset(keys, one.seq, page, newest_first=False)
    query = (
        parent.select(parent.id, *_columns(Log))
        .join(Log, on=Log.seq.in_(keys))
        .where(parent.id.in_(parent_ids))
    )
    if tree is not None:
        query = query.with_cte(tree)
    rows = [(row[0], LogRow(*row[1:])) for row in query.tuples().execute(db)]
    return cut_each(parent_ids, rows, lambda row: row.seq, page, latest_log(db), newest_first=False)
