"""What lists and feeds are narrowed by."""

from __future__ import annotations

import strawberry

from headrace.records import StateType
from headrace_service.api.context import parse_id
from headrace_service.api.scalars import DateTime
from headrace_service.api.types import state as _state  # noqa: F401  # makes StateType an enum
from headrace_service.ledger.queries.flow_runs import ANY_FLOW_RUN, FlowRunWhere
from headrace_service.ledger.queries.logs import ANY_LOG, LogWhere
from headrace_service.ledger.queries.task_runs import ANY_TASK_RUN, TaskRunWhere


@strawberry.input(description="Which flow runs; what is left out does not matter.")
class FlowRunFilter:
    """Conditions on flow runs; all must hold."""

    states: list[StateType] | None = strawberry.field(
        default=None, description="In a state of one of these types."
    )
    flow_name: str | None = strawberry.field(
        default=None, description="Of the flow with this name."
    )
    name_contains: str | None = strawberry.field(
        default=None, description="With this in the run's name, in small letters or capitals."
    )
    parent_flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="Started by this flow run."
    )
    top_level_only: bool = strawberry.field(
        default=False, description="Not started by another flow run."
    )
    started_after: DateTime | None = strawberry.field(
        default=None, description="Started then or later."
    )
    started_before: DateTime | None = strawberry.field(
        default=None, description="Started before then."
    )
    tags: list[str] | None = strawberry.field(default=None, description="With all of these tags.")
    deployment_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this deployment."
    )


def flow_runs_where(wanted: FlowRunFilter | None) -> FlowRunWhere:
    """The filter as the queries take it."""
    if wanted is None:
        return ANY_FLOW_RUN
    parent = wanted.parent_flow_run_id
    return FlowRunWhere(
        states=_states(wanted.states),
        flow_name=wanted.flow_name,
        name_contains=wanted.name_contains,
        parent_flow_run_id=None if parent is None else parse_id(parent, "parentFlowRunId"),
        top_level_only=wanted.top_level_only,
        started_after=wanted.started_after,
        started_before=wanted.started_before,
        tags=frozenset(wanted.tags or ()),
        deployment_id=None
        if wanted.deployment_id is None
        else parse_id(wanted.deployment_id, "deploymentId"),
    )


@strawberry.input(description="Which task runs; what is left out does not matter.")
class TaskRunFilter:
    """Conditions on task runs; all must hold."""

    states: list[StateType] | None = strawberry.field(
        default=None, description="In a state of one of these types."
    )
    flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="Started by this flow run."
    )
    task_name: str | None = strawberry.field(
        default=None, description="Of the task with this name."
    )
    name_contains: str | None = strawberry.field(
        default=None, description="With this in the run's name, in small letters or capitals."
    )
    started_after: DateTime | None = strawberry.field(
        default=None, description="Started then or later."
    )
    started_before: DateTime | None = strawberry.field(
        default=None, description="Started before then."
    )


def task_runs_where(wanted: TaskRunFilter | None) -> TaskRunWhere:
    """The filter as the queries take it."""
    if wanted is None:
        return ANY_TASK_RUN
    flow_run = wanted.flow_run_id
    return TaskRunWhere(
        states=_states(wanted.states),
        flow_run_id=None if flow_run is None else parse_id(flow_run, "flowRunId"),
        task_name=wanted.task_name,
        name_contains=wanted.name_contains,
        started_after=wanted.started_after,
        started_before=wanted.started_before,
    )


@strawberry.input(description="Which log lines; what is left out does not matter.")
class LogFilter:
    """Conditions on log lines; all must hold."""

    flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this flow run and its task runs."
    )
    task_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this task run."
    )
    min_level: int | None = strawberry.field(
        default=None, description="Of this level or above: 20 is INFO, 30 WARNING, 40 ERROR."
    )
    message_contains: str | None = strawberry.field(
        default=None, description="With this in the message, in small letters or capitals."
    )
    since: DateTime | None = strawberry.field(default=None, description="Written then or later.")
    until: DateTime | None = strawberry.field(default=None, description="Written before then.")
    include_subflows: bool = strawberry.field(
        default=False,
        description="With a flow run: also of the flow runs that it started, however deep.",
    )


def logs_where(wanted: LogFilter | None) -> LogWhere:
    """The filter as the queries take it."""
    if wanted is None:
        return ANY_LOG
    flow_run, task_run = wanted.flow_run_id, wanted.task_run_id
    return LogWhere(
        flow_run_id=None if flow_run is None else parse_id(flow_run, "flowRunId"),
        task_run_id=None if task_run is None else parse_id(task_run, "taskRunId"),
        min_level=wanted.min_level or 0,
        message_contains=wanted.message_contains,
        since=wanted.since,
        until=wanted.until,
        include_subflows=wanted.include_subflows,
    )


@strawberry.input(description="Which flow runs a feed tells of; all of them when it is empty.")
class FlowRunEventFilter:
    """Conditions on the flow runs of a feed; all must hold."""

    flow_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these flow runs."
    )
    flow_name: str | None = strawberry.field(
        default=None, description="A run of the flow with this name."
    )
    states: list[StateType] | None = strawberry.field(
        default=None, description="That enters a state of one of these types."
    )


def _states(states: list[StateType] | None) -> frozenset[str] | None:
    return None if states is None else frozenset(state.value for state in states)
