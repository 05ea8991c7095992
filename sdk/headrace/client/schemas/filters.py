"""Which things are wanted. All conditions of a filter must hold; what is None does not matter.

    FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=["FAILED"])))

Parts of a filter may be given as mappings, too: `FlowRunFilter(name={"like_": "nightly"})`.
"""

from __future__ import annotations

import datetime
from enum import auto
from uuid import UUID

import pydantic

from headrace.client.schemas.bases import Model, Names
from headrace.records import StateType


class Operator(Names):
    """Whether all conditions of a filter must hold, or one of them; see `Operated`."""

    and_ = auto()
    or_ = auto()


class Filter(Model):
    """A condition."""

    model_config = pydantic.ConfigDict(extra="forbid")


class Operated(Filter):
    """Conditions that have to hold together: `or_` is for programs written for Prefect, and no
    filter here can be made of conditions of which only one has to hold."""

    operator: Operator = Operator.and_

    @pydantic.field_validator("operator")
    @classmethod
    def _all_must_hold(cls, operator: Operator) -> Operator:
        if operator is Operator.or_:
            raise ValueError("conditions cannot be joined with or_; ask once for each, and unite")
        return operator


class _AnyId(Filter):
    any_: list[UUID] | None = None


class _AnyText(Filter):
    any_: list[str] | None = None


class _TextLike(_AnyText):
    """`any_`: one of these texts. `like_`: this within the text."""

    like_: str | None = None


class _Tags(Operated):
    """`all_`: all of these tags. `any_`: one of them. `is_null_`: without tags, or not."""

    all_: list[str] | None = None
    any_: list[str] | None = None
    is_null_: bool | None = None


class _IdOrNull(Operated):
    any_: list[UUID] | None = None
    is_null_: bool | None = None


class _Times(Filter):
    """`after_`: then or later. `before_`: then or earlier. `is_null_`: not yet, or already."""

    before_: datetime.datetime | None = None
    after_: datetime.datetime | None = None
    is_null_: bool | None = None


class _StateType(Filter):
    any_: list[StateType] | None = None
    not_any_: list[StateType] | None = None


class _StateName(Filter):
    any_: list[str] | None = None
    not_any_: list[str] | None = None


# -- flows -----------------------------------------------------------------------------------------


class FlowFilterId(_AnyId):
    """By id."""


class FlowFilterName(_TextLike):
    """By name."""


class FlowFilter(Operated):
    """Which flows."""

    id: FlowFilterId | None = None
    name: FlowFilterName | None = None


# -- flow runs -------------------------------------------------------------------------------------


class FlowRunFilterId(_AnyId):
    """By id."""

    not_any_: list[UUID] | None = None


class FlowRunFilterName(_TextLike):
    """By name."""


class FlowRunFilterTags(_Tags):
    """By tags."""


class FlowRunFilterDeploymentId(_IdOrNull):
    """By deployment."""


class FlowRunFilterStateType(_StateType):
    """By the type of their state."""


class FlowRunFilterStateName(_StateName):
    """By the name of their state."""


class FlowRunFilterState(Operated):
    """By state."""

    type: FlowRunFilterStateType | None = None
    name: FlowRunFilterStateName | None = None


class FlowRunFilterFlowVersion(_AnyText):
    """By the version of their flow's code."""


class FlowRunFilterStartTime(_Times):
    """By when they started."""


class FlowRunFilterEndTime(_Times):
    """By when they ended."""


class FlowRunFilterExpectedStartTime(Filter):
    """By when they were due."""

    before_: datetime.datetime | None = None
    after_: datetime.datetime | None = None


class FlowRunFilterNextScheduledStartTime(FlowRunFilterExpectedStartTime):
    """By when they are due."""


class FlowRunFilterParentFlowRunId(_AnyId):
    """By the flow run that started them."""


class FlowRunFilterParentTaskRunId(_IdOrNull):
    """By the task run that started them; `is_null_`: whether no other run did."""


class FlowRunFilterIdempotencyKey(_AnyText):
    """By the key they were asked for under."""


class FlowRunFilter(Operated):
    """Which flow runs."""

    id: FlowRunFilterId | None = None
    name: FlowRunFilterName | None = None
    tags: FlowRunFilterTags | None = None
    deployment_id: FlowRunFilterDeploymentId | None = None
    state: FlowRunFilterState | None = None
    flow_version: FlowRunFilterFlowVersion | None = None
    start_time: FlowRunFilterStartTime | None = None
    end_time: FlowRunFilterEndTime | None = None
    expected_start_time: FlowRunFilterExpectedStartTime | None = None
    next_scheduled_start_time: FlowRunFilterNextScheduledStartTime | None = None
    parent_flow_run_id: FlowRunFilterParentFlowRunId | None = None
    parent_task_run_id: FlowRunFilterParentTaskRunId | None = None
    idempotency_key: FlowRunFilterIdempotencyKey | None = None


# -- task runs -------------------------------------------------------------------------------------


class TaskRunFilterId(_AnyId):
    """By id."""


class TaskRunFilterFlowRunId(_AnyId):
    """By the flow run they belong to."""


class TaskRunFilterName(_TextLike):
    """By name."""


class TaskRunFilterTags(_Tags):
    """By tags."""


class TaskRunFilterStateType(_StateType):
    """By the type of their state."""


class TaskRunFilterStateName(_StateName):
    """By the name of their state."""


class TaskRunFilterState(Operated):
    """By state."""

    type: TaskRunFilterStateType | None = None
    name: TaskRunFilterStateName | None = None


class TaskRunFilterStartTime(_Times):
    """By when they started."""


class TaskRunFilterEndTime(_Times):
    """By when they ended."""


class TaskRunFilter(Operated):
    """Which task runs."""

    id: TaskRunFilterId | None = None
    name: TaskRunFilterName | None = None
    tags: TaskRunFilterTags | None = None
    state: TaskRunFilterState | None = None
    start_time: TaskRunFilterStartTime | None = None
    end_time: TaskRunFilterEndTime | None = None
    flow_run_id: TaskRunFilterFlowRunId | None = None


# -- log lines -------------------------------------------------------------------------------------


class LogFilterName(_AnyText):
    """By the logger's name."""


class LogFilterLevel(Filter):
    """By level: `ge_` at least, `le_` at most."""

    ge_: int | None = None
    le_: int | None = None


class LogFilterTimestamp(Filter):
    """By when they were written."""

    before_: datetime.datetime | None = None
    after_: datetime.datetime | None = None


class LogFilterFlowRunId(_AnyId):
    """By the flow run that wrote them, its tasks included."""


class LogFilterTaskRunId(_IdOrNull):
    """By the task run that wrote them."""


class LogFilterTextSearch(Filter):
    """By a text in the message."""

    query: str


class LogFilter(Operated):
    """Which log lines."""

    level: LogFilterLevel | None = None
    timestamp: LogFilterTimestamp | None = None
    flow_run_id: LogFilterFlowRunId | None = None
    task_run_id: LogFilterTaskRunId | None = None
    text: LogFilterTextSearch | None = None
    name: LogFilterName | None = None


# -- artifacts, variables, blocks, deployments -----------------------------------------------------


class ArtifactFilterId(_AnyId):
    """By id."""


class ArtifactFilterKey(_TextLike):
    """By key."""


class ArtifactFilterFlowRunId(_AnyId):
    """By the flow run that made them."""


class ArtifactFilterTaskRunId(_AnyId):
    """By the task run that made them."""


class ArtifactFilterType(_AnyText):
    """By type."""


class ArtifactFilter(Operated):
    """Which artifacts."""

    id: ArtifactFilterId | None = None
    key: ArtifactFilterKey | None = None
    flow_run_id: ArtifactFilterFlowRunId | None = None
    task_run_id: ArtifactFilterTaskRunId | None = None
    type: ArtifactFilterType | None = None


class VariableFilterName(_TextLike):
    """By name."""


class VariableFilterTags(_Tags):
    """By tags."""


class VariableFilter(Operated):
    """Which variables."""

    name: VariableFilterName | None = None
    tags: VariableFilterTags | None = None


class DeploymentFilterId(_AnyId):
    """By id."""


class DeploymentFilterName(_TextLike):
    """By name."""


class DeploymentFilterTags(_Tags):
    """By tags."""


class DeploymentFilter(Operated):
    """Which deployments."""

    id: DeploymentFilterId | None = None
    name: DeploymentFilterName | None = None
    tags: DeploymentFilterTags | None = None


# -- work pools ------------------------------------------------------------------------------------


class WorkPoolFilterId(_AnyId):
    """By id."""


class WorkPoolFilterName(_AnyText):
    """By name."""


class WorkPoolFilterType(_AnyText):
    """By type."""


class WorkPoolFilter(Operated):
    """Which work pools."""

    id: WorkPoolFilterId | None = None
    name: WorkPoolFilterName | None = None
    type: WorkPoolFilterType | None = None
