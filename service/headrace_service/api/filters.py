"""What lists and feeds are narrowed by."""

from __future__ import annotations

import enum
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from headrace.records import StateType
from headrace_service.api.context import parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.scalars import DateTime, micros_of
from headrace_service.api.types import state as _state  # noqa: F401  # makes StateType an enum
from headrace_service.ledger.models import CUSTOM, DELETED, EDITED
from headrace_service.ledger.queries.flow_runs import ANY_FLOW_RUN, FlowRunWhere
from headrace_service.ledger.queries.logs import ANY_LOG, LogWhere
from headrace_service.ledger.queries.task_runs import ANY_TASK_RUN, TaskRunWhere

T = TypeVar("T")


@strawberry.input
class RunFilter:
    """Conditions that flow runs and task runs have in common."""

    states: list[StateType] | None = strawberry.field(
        default=None, description="In a state of one of these types."
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these runs."
    )
    not_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="None of these runs."
    )
    names: list[str] | None = strawberry.field(default=None, description="With one of these names.")
    name_contains: str | None = strawberry.field(
        default=None, description="With this in the run's name, in small letters or capitals."
    )
    not_states: list[StateType] | None = strawberry.field(
        default=None, description="In a state of none of these types."
    )
    state_names: list[str] | None = strawberry.field(
        default=None, description="In a state with one of these names, such as `TimedOut`."
    )
    not_state_names: list[str] | None = strawberry.field(
        default=None, description="In a state with none of these names."
    )
    tags: list[str] | None = strawberry.field(default=None, description="With all of these tags.")
    any_tags: list[str] | None = strawberry.field(
        default=None, description="With at least one of these tags."
    )
    untagged: bool | None = strawberry.field(
        default=None, description="Without any tag; or with one, when it is false."
    )
    started_after: DateTime | None = strawberry.field(
        default=None, description="Started then or later."
    )
    started_before: DateTime | None = strawberry.field(
        default=None, description="Started before then."
    )
    ended_after: DateTime | None = strawberry.field(
        default=None, description="Ended then or later."
    )
    ended_before: DateTime | None = strawberry.field(default=None, description="Ended before then.")
    min_duration_seconds: float | None = strawberry.field(
        default=None, description="Took so long or longer, from the start to the end."
    )
    max_duration_seconds: float | None = strawberry.field(
        default=None, description="Took so long or less, from the start to the end."
    )
    started: bool | None = strawberry.field(
        default=None, description="Started; or not yet, when it is false."
    )
    ended: bool | None = strawberry.field(
        default=None, description="Ended; or not yet, when it is false."
    )


def _common(wanted: RunFilter) -> dict[str, Any]:
    return {
        "states": _states(wanted.states),
        "ids": ids_in(wanted.ids, "ids"),
        "not_ids": ids_in(wanted.not_ids, "notIds") or frozenset(),
        "names": set_of(wanted.names, "names"),
        "name_contains": part_in(wanted.name_contains, "nameContains"),
        "not_states": _states(wanted.not_states) or frozenset(),
        "state_names": set_of(wanted.state_names, "stateNames"),
        "not_state_names": set_of(wanted.not_state_names, "notStateNames") or frozenset(),
        "tags": tags_in(wanted.tags, "tags") or frozenset(),
        "any_tags": tags_in(wanted.any_tags, "anyTags"),
        "untagged": wanted.untagged,
        "started_after": wanted.started_after,
        "started_before": wanted.started_before,
        "ended_after": wanted.ended_after,
        "ended_before": wanted.ended_before,
        "min_duration": micros_of(wanted.min_duration_seconds, "minDurationSeconds"),
        "max_duration": micros_of(wanted.max_duration_seconds, "maxDurationSeconds"),
        "started": wanted.started,
        "ended": wanted.ended,
    }


@strawberry.input(description="Which flow runs; what is left out does not matter.")
class FlowRunFilter(RunFilter):
    """Conditions on flow runs; all must hold."""

    flow_name: str | None = strawberry.field(
        default=None, description="Of the flow with this name."
    )
    flow_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these flows."
    )
    flow_names: list[str] | None = strawberry.field(
        default=None, description="Of a flow with one of these names."
    )
    flow_name_contains: str | None = strawberry.field(
        default=None, description="Of a flow with this in its name."
    )
    flow_versions: list[str] | None = strawberry.field(
        default=None, description="Of one of these versions of their flows' code."
    )
    parent_flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="Started by this flow run."
    )
    parent_flow_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Started by one of these flow runs."
    )
    parent_task_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Started by one of these task runs."
    )
    top_level_only: bool = strawberry.field(
        default=False, description="Not started by another flow run."
    )
    is_subflow: bool | None = strawberry.field(
        default=None, description="Started by another flow run; or not, when it is false."
    )
    deployment_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this deployment."
    )
    deployment_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these deployments."
    )
    deployed: bool | None = strawberry.field(
        default=None, description="Of any deployment; or of none, when it is false."
    )
    idempotency_keys: list[str] | None = strawberry.field(
        default=None, description="Asked for under one of these keys."
    )
    due_after: DateTime | None = strawberry.field(
        default=None, description="Due then or later; what was never scheduled, when created."
    )
    due_before: DateTime | None = strawberry.field(default=None, description="Due before then.")
    work_pool_names: list[str] | None = strawberry.field(
        default=None, description="Waiting, or having waited, for workers of one of these pools."
    )
    work_queue_names: list[str] | None = strawberry.field(
        default=None, description="In a queue with one of these names."
    )


def flow_runs_where(wanted: FlowRunFilter | None) -> FlowRunWhere:
    """The filter as the queries take it."""
    if wanted is None:
        return ANY_FLOW_RUN
    return FlowRunWhere(
        **_common(wanted),
        flow_name=wanted.flow_name,
        flow_ids=ids_in(wanted.flow_ids, "flowIds"),
        flow_names=set_of(wanted.flow_names, "flowNames"),
        flow_name_contains=part_in(wanted.flow_name_contains, "flowNameContains"),
        flow_versions=set_of(wanted.flow_versions, "flowVersions"),
        parent_flow_run_id=_id(wanted.parent_flow_run_id, "parentFlowRunId"),
        parent_flow_run_ids=ids_in(wanted.parent_flow_run_ids, "parentFlowRunIds"),
        parent_task_run_ids=ids_in(wanted.parent_task_run_ids, "parentTaskRunIds"),
        top_level_only=wanted.top_level_only,
        is_subflow=wanted.is_subflow,
        deployment_id=_id(wanted.deployment_id, "deploymentId"),
        deployment_ids=ids_in(wanted.deployment_ids, "deploymentIds"),
        deployed=wanted.deployed,
        idempotency_keys=set_of(wanted.idempotency_keys, "idempotencyKeys"),
        due_after=wanted.due_after,
        due_before=wanted.due_before,
        work_pool_names=set_of(wanted.work_pool_names, "workPoolNames"),
        work_queue_names=set_of(wanted.work_queue_names, "workQueueNames"),
    )


@strawberry.input(description="Which task runs; what is left out does not matter.")
class TaskRunFilter(RunFilter):
    """Conditions on task runs; all must hold."""

    flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="Started by this flow run."
    )
    flow_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Started by one of these flow runs."
    )
    task_name: str | None = strawberry.field(
        default=None, description="Of the task with this name."
    )


def task_runs_where(wanted: TaskRunFilter | None) -> TaskRunWhere:
    """The filter as the queries take it."""
    if wanted is None:
        return ANY_TASK_RUN
    return TaskRunWhere(
        **_common(wanted),
        flow_run_id=_id(wanted.flow_run_id, "flowRunId"),
        flow_run_ids=ids_in(wanted.flow_run_ids, "flowRunIds"),
        task_name=wanted.task_name,
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
        message_contains=part_in(wanted.message_contains, "messageContains"),
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


@strawberry.enum(description="What an event of the ledger tells of.")
class LedgerEventKind(enum.Enum):
    """The kinds of events."""

    FLOW_RUN = strawberry.enum_value("flow_run", description="A flow run has entered a state.")
    TASK_RUN = strawberry.enum_value("task_run", description="A task run has entered a state.")
    FLOW_RUN_EDITED = strawberry.enum_value(
        EDITED, description="A flow run's name, or what else is said of it, was changed."
    )
    FLOW_RUN_DELETED = strawberry.enum_value(DELETED, description="A flow run was deleted.")
    CUSTOM = strawberry.enum_value(CUSTOM, description="A user's program has told of something.")


@strawberry.input(description="Which events of the ledger; all of them when it is empty.")
class LedgerEventFilter:
    """Conditions on events; all must hold."""

    kinds: list[LedgerEventKind] | None = strawberry.field(
        default=None, description="Of one of these kinds."
    )
    flow_run_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these flow runs, or of their task runs."
    )
    names: list[str] | None = strawberry.field(
        default=None, description="Told of by a user's program under one of these names."
    )


#: Values that one condition may list, and tags: each of those is a condition of its own, and SQLite
#: takes a hundred within one another.
MOST_VALUES, MOST_TAGS = 10_000, 25
#: How long a part of a text may be that is looked for.
MOST_CHARACTERS = 1000


def _states(states: list[StateType] | None) -> frozenset[str] | None:
    return None if states is None else frozenset(state.value for state in states)


def set_of(given: list[str] | None, field: str) -> frozenset[str] | None:
    """The texts of a condition; None when it does not matter."""
    return None if given is None else frozenset(some(given, field))


def part_in(given: str | None, field: str) -> str | None:
    """A part of a text that is looked for.

    Raises:
        InputError: it is longer than a database looks for.
    """
    if given is not None and len(given) > MOST_CHARACTERS:
        raise InputError(f"{field}: {len(given)} characters are more than {MOST_CHARACTERS}", field)
    return given


def tags_in(given: list[str] | None, field: str) -> frozenset[str] | None:
    """The tags of a condition; None when it does not matter."""
    return None if given is None else frozenset(some(given, field, MOST_TAGS))


def ids_in(given: list[strawberry.ID] | None, field: str) -> frozenset[UUID] | None:
    """The ids of a condition; None when it does not matter."""
    if given is None:
        return None
    return frozenset(parse_id(one, field) for one in some(given, field))


def some(given: list[T], field: str, most: int = MOST_VALUES) -> list[T]:
    """A list that is not too long.

    Raises:
        InputError: it is.
    """
    if len(given) > most:
        raise InputError(f"{field}: {len(given)} values are more than {most}", field)
    return given


def _id(given: strawberry.ID | None, field: str) -> UUID | None:
    return None if given is None else parse_id(given, field)
