"""How many runs there are, counted up to a number: nobody waits for a count without a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import StateType
from headrace_service.ledger.models import FlowRun, TaskRun
from headrace_service.ledger.queries.flow_runs import FlowRunWhere, flow_run_conditions, is_broad
from headrace_service.ledger.queries.narrowing import RunWhere
from headrace_service.ledger.queries.paging import with_states
from headrace_service.ledger.queries.task_runs import TaskRunWhere, task_run_conditions

#: By the type of a state, how many runs are in one of it.
Counts = dict[StateType, int]

#: Names of tasks that the summary of one flow run has at most.
MOST_TASKS = 500


class TaskCounts(msgspec.Struct, frozen=True):
    """How many of a flow run's runs of one task are in states of each type."""

    task_name: str
    counts: Counts


def count_flow_runs(db: peewee.Database, where: FlowRunWhere, up_to: int) -> int:
    """How many flow runs there are; `up_to` when there are as many or more."""
    counts = flow_run_counts(db, where, up_to)
    return min(up_to, sum(counts.values()))


def count_task_runs(db: peewee.Database, where: TaskRunWhere, up_to: int) -> int:
    """How many task runs there are; `up_to` when there are as many or more."""
    counts = task_run_counts(db, where, up_to)
    return min(up_to, sum(counts.values()))


def flow_run_counts(db: peewee.Database, where: FlowRunWhere, up_to: int) -> Counts:
    """How many flow runs are in states of each type, each counted up to a number."""
    return _counts(db, FlowRun, flow_run_conditions, where, up_to, by_state=is_broad(where))


def task_run_counts(db: peewee.Database, where: TaskRunWhere, up_to: int) -> Counts:
    """How many task runs are in states of each type, each counted up to a number."""
    by_state = where.flow_run_id is None
    return _counts(db, TaskRun, task_run_conditions, where, up_to, by_state=by_state)


def _counts(
    db: peewee.Database,
    model: type[FlowRun] | type[TaskRun],
    conditions: Callable[[Any, Any], list[Any]],
    where: RunWhere,
    up_to: int,
    *,
    by_state: bool,
) -> Counts:
    """The counts, in one statement.

    Args:
        db: the database.
        model: the table of runs.
        conditions: makes what the filter says of a run, save its states.
        where: the filter.
        up_to: how far to count.
        by_state: whether the index by state leads to the runs: each state is counted by itself.
            Otherwise all runs that fit are few, and are looked at.
    """
    run: Any = model.alias("run")
    wanted = [state.value for state in StateType if where.states is None or state in where.states]
    query = run.select(run.state_type).where(True, *conditions(run, where))
    if not by_state:
        some = with_states(query, run, where.states).limit(up_to).alias("some")
        number = peewee.fn.COUNT(peewee.SQL("*"))
        rows = peewee.Select([some], [some.c.state_type, number]).group_by(some.c.state_type)
        return {StateType(kind): count for kind, count in rows.tuples().execute(db)}
    each: Any = None
    for index, state in enumerate(wanted):
        part = query.where(run.state_type == state).limit(up_to).alias(f"part{index}")
        one = peewee.Select([part], [peewee.Value(state), peewee.fn.COUNT(peewee.SQL("*"))])
        each = one if each is None else each.union_all(one)
    if each is None:
        return {}
    return {StateType(kind): count for kind, count in each.tuples().execute(db) if count}


def task_summaries(db: peewee.Database, flow_run_ids: Sequence[UUID]) -> list[list[TaskCounts]]:
    """For each flow run, how its runs of each task stand, by the tasks' names."""
    number = peewee.fn.COUNT(peewee.SQL("*"))
    columns = (TaskRun.flow_run_id, TaskRun.task_name, TaskRun.state_type)
    query = (
        TaskRun.select(*columns, number)
        .where(TaskRun.flow_run_id.in_(list(flow_run_ids)))
        .group_by(*columns)
        .order_by(*columns)
    )
    found: dict[UUID, dict[str, Counts]] = {key: {} for key in flow_run_ids}
    for owner, name, kind, count in query.tuples().execute(db):
        found[owner].setdefault(name, {})[StateType(kind)] = count
    return [
        [TaskCounts(name, counts) for name, counts in list(found[key].items())[:MOST_TASKS]]
        for key in flow_run_ids
    ]
