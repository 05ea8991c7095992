"""What clients send in order to change something."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from headrace.client.schemas.bases import Action
from headrace.client.schemas.deployment_schedules import (
    DeploymentScheduleCreate as DeploymentScheduleCreate,
)
from headrace.records import StateType
from headrace.types import ArtifactKey, Name, StrictVariableValue, VariableName


class VariableCreate(Action):
    """A variable to be made."""

    name: VariableName
    value: StrictVariableValue
    tags: list[str] | None = None


class VariableUpdate(Action):
    """A variable to be changed; what is not set stays."""

    name: VariableName | None = None
    value: StrictVariableValue = None
    tags: list[str] | None = None


class ArtifactCreate(Action):
    """An artifact to be made."""

    key: ArtifactKey = None
    type: str | None = None
    description: str | None = None
    data: dict[str, Any] | Any | None = None
    metadata_: dict[str, str] | None = None
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class ArtifactUpdate(Action):
    """An artifact to be changed; what is not set stays."""

    data: dict[str, Any] | Any | None = None
    description: str | None = None
    metadata_: dict[str, str] | None = None


class StateCreate(Action):
    """A state to enter."""

    type: StateType
    name: str | None = None
    message: str | None = None


class FlowCreate(Action):
    """A flow to be made known."""

    name: Name
    tags: list[str] = Field(default_factory=list)
    labels: dict[str, Any] = Field(default_factory=dict)


class FlowRunCreate(Action):
    """A flow run to be made."""

    name: str | None = None
    flow_id: UUID
    state: StateCreate | None = None
    flow_version: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    parent_task_run_id: UUID | None = None


class FlowRunUpdate(Action):
    """A flow run to be changed; what is not set stays."""

    name: str | None = None
    flow_version: str | None = None
    parameters: dict[str, Any] | None = None
    tags: list[str] | None = None


class LogCreate(Action):
    """A log line to be written. `level` is a number: 20 is INFO."""

    name: str = Field(min_length=1)
    level: int = Field(ge=0, le=1000)
    message: str
    timestamp: datetime.datetime
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class GlobalConcurrencyLimitCreate(Action):
    """A concurrency limit to be made; `active_slots` has no effect: slots are those taken."""

    name: Name
    limit: int = Field(ge=0)
    active: bool | None = True
    active_slots: int | None = Field(default=0, ge=0)
    slot_decay_per_second: float | None = Field(default=0.0, ge=0)


class GlobalConcurrencyLimitUpdate(Action):
    """A concurrency limit to be changed; what is not set stays."""

    name: Name | None = None
    limit: int | None = Field(default=None, ge=0)
    active: bool | None = None
    active_slots: int | None = Field(default=None, ge=0)
    slot_decay_per_second: float | None = Field(default=None, ge=0)


class WorkPoolCreate(Action):
    """A work pool to be made."""

    name: Name
    type: str = "process"
    description: str | None = None
    is_paused: bool = False
    concurrency_limit: int | None = Field(default=None, ge=0)


class WorkPoolUpdate(Action):
    """A work pool to be changed; what is not set stays."""

    description: str | None = None
    is_paused: bool | None = None
    concurrency_limit: int | None = Field(default=None, ge=0)


class DeploymentUpdate(Action):
    """A deployment to be changed; what is not set stays."""

    version: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    paused: bool | None = None
    concurrency_limit: int | None = Field(default=None, ge=0)
    tags: list[str] = Field(default_factory=list)
    work_queue_name: str | None = None
    work_pool_name: str | None = None
    job_variables: dict[str, Any] | None = None
    entrypoint: str | None = None
    enforce_parameter_schema: bool | None = None
