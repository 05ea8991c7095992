"""Filters and orders as the client's users write them, in the words of GraphQL."""

from __future__ import annotations

import datetime
from typing import Any

from headrace.client.schemas.filters import (
    ArtifactFilter,
    FlowFilter,
    FlowRunFilter,
    LogFilter,
    TaskRunFilter,
)
from headrace.client.schemas.sorting import FlowRunSort, TaskRunSort

Where = dict[str, Any]

#: Names of orders that differ in GraphQL.
_ORDERS = {
    "ID_DESC": "NEWEST",
    "EXPECTED_START_TIME_ASC": "DUE_TIME_ASC",
    "EXPECTED_START_TIME_DESC": "DUE_TIME_DESC",
    "NEXT_SCHEDULED_START_TIME_ASC": "DUE_TIME_ASC",
}
_TICK = datetime.timedelta(microseconds=1)


def run_order(sort: FlowRunSort | TaskRunSort | str | None) -> str:
    """GraphQL's `RunOrder`."""
    if sort is None:
        return "NEWEST"
    name = sort.value if isinstance(sort, FlowRunSort | TaskRunSort) else sort
    return _ORDERS.get(name, name)


def _time(moment: datetime.datetime) -> str:
    """A time; one that names no zone is in UTC."""
    return moment.isoformat()


def _after(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else _time(moment)


def _before(moment: datetime.datetime | None) -> str | None:
    """The end of what lies before a moment or at it: GraphQL's ends are excluded."""
    return None if moment is None else _time(moment + _TICK)


def _ids(listed: Any) -> list[str] | None:
    return None if listed is None else [str(one) for one in listed]


def _given(where: Where) -> Where:
    return {name: value for name, value in where.items() if value is not None}


def _run_where(wanted: FlowRunFilter | TaskRunFilter) -> Where:
    """What filters of flow runs and of task runs have in common."""
    where: Where = {}
    if wanted.id is not None:
        where["ids"] = _ids(wanted.id.any_)
    if wanted.name is not None:
        where["names"], where["nameContains"] = wanted.name.any_, wanted.name.like_
    if wanted.tags is not None:
        where["tags"], where["anyTags"] = wanted.tags.all_, wanted.tags.any_
        where["untagged"] = wanted.tags.is_null_
    if wanted.state is not None and wanted.state.type is not None:
        where["states"] = _values(wanted.state.type.any_)
        where["notStates"] = _values(wanted.state.type.not_any_)
    if wanted.state is not None and wanted.state.name is not None:
        where["stateNames"] = wanted.state.name.any_
        where["notStateNames"] = wanted.state.name.not_any_
    for word, times in (("started", wanted.start_time), ("ended", wanted.end_time)):
        if times is not None:
            where[f"{word}After"] = _after(times.after_)
            where[f"{word}Before"] = _before(times.before_)
            where[word] = None if times.is_null_ is None else not times.is_null_
    return where


def _values(states: Any) -> list[str] | None:
    return None if states is None else [state.value for state in states]


def flow_runs_where(flows: FlowFilter | None, runs: FlowRunFilter | None) -> Where:
    """GraphQL's `FlowRunFilter`."""
    where: Where = {}
    if flows is not None and flows.id is not None:
        where["flowIds"] = _ids(flows.id.any_)
    if flows is not None and flows.name is not None:
        where["flowNames"], where["flowNameContains"] = flows.name.any_, flows.name.like_
    if runs is None:
        return _given(where)
    where |= _run_where(runs)
    if runs.id is not None:
        where["notIds"] = _ids(runs.id.not_any_)
    if runs.deployment_id is not None:
        where["deploymentIds"] = _ids(runs.deployment_id.any_)
        where["deployed"] = _unless(runs.deployment_id.is_null_)
    if runs.flow_version is not None:
        where["flowVersions"] = runs.flow_version.any_
    if runs.parent_flow_run_id is not None:
        where["parentFlowRunIds"] = _ids(runs.parent_flow_run_id.any_)
    if runs.parent_task_run_id is not None:
        where["parentTaskRunIds"] = _ids(runs.parent_task_run_id.any_)
        where["isSubflow"] = _unless(runs.parent_task_run_id.is_null_)
    if runs.idempotency_key is not None:
        where["idempotencyKeys"] = runs.idempotency_key.any_
    for due in (runs.expected_start_time, runs.next_scheduled_start_time):
        if due is not None:
            where["dueAfter"], where["dueBefore"] = _after(due.after_), _before(due.before_)
    return _given(where)


def _unless(is_null: bool | None) -> bool | None:
    return None if is_null is None else not is_null


def task_runs_where(wanted: TaskRunFilter | None) -> Where:
    """GraphQL's `TaskRunFilter`."""
    if wanted is None:
        return {}
    where = _run_where(wanted)
    if wanted.flow_run_id is not None:
        where["flowRunIds"] = _ids(wanted.flow_run_id.any_)
    return _given(where)


def logs_where(wanted: LogFilter | None) -> Where:
    """GraphQL's `LogFilter`, for one flow run or task run at most; see `each_log_filter`."""
    if wanted is None:
        return {}
    where: Where = {}
    if wanted.level is not None:
        where["minLevel"] = wanted.level.ge_
    if wanted.timestamp is not None:
        where["since"] = _after(wanted.timestamp.after_)
        where["until"] = _before(wanted.timestamp.before_)
    if wanted.text is not None:
        where["messageContains"] = wanted.text.query
    return _given(where)


def each_log_filter(wanted: LogFilter | None) -> list[Where]:
    """GraphQL's `LogFilter`, once for each run whose lines are wanted."""
    where = logs_where(wanted)
    task_runs = None if wanted is None or wanted.task_run_id is None else wanted.task_run_id.any_
    flow_runs = None if wanted is None or wanted.flow_run_id is None else wanted.flow_run_id.any_
    if task_runs is not None:
        return [where | {"taskRunId": str(one)} for one in task_runs]
    if flow_runs is not None:
        return [where | {"flowRunId": str(one)} for one in flow_runs]
    return [where]


def artifacts_where(wanted: ArtifactFilter | None) -> Where:
    """GraphQL's `ArtifactFilter`."""
    if wanted is None:
        return {}
    where: Where = {}
    if wanted.id is not None:
        where["ids"] = _ids(wanted.id.any_)
    if wanted.key is not None:
        where["keys"], where["keyContains"] = wanted.key.any_, wanted.key.like_
    if wanted.type is not None:
        where["types"] = wanted.type.any_
    if wanted.flow_run_id is not None:
        where["flowRunIds"] = _ids(wanted.flow_run_id.any_)
    if wanted.task_run_id is not None:
        where["taskRunIds"] = _ids(wanted.task_run_id.any_)
    return _given(where)
