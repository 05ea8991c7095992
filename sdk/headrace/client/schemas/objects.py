"""What clients are answered: runs, flows, logs, and what is saved under names."""

from __future__ import annotations

import datetime
from enum import auto
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from headrace.client.schemas.bases import Identified, Model, Names
from headrace.client.schemas.schedules import SCHEDULE_TYPES
from headrace.names import generate_name
from headrace.records import TERMINAL_STATES, StateType
from headrace.states import State, StateDetails
from headrace.types import (
    MAX_VARIABLE_NAME_LENGTH,
    ArtifactKey,
    BlockName,
    Name,
    StrictVariableValue,
)


class Variable(Identified):
    """A named JSON value."""

    name: str = Field(max_length=MAX_VARIABLE_NAME_LENGTH)
    value: StrictVariableValue
    tags: list[str] = Field(default_factory=list)


class Artifact(Identified):
    """Something that a run made for people to look at.

    Attributes:
        key: what it is known by; those with one key are versions of one thing.
        type: how its data is shown: "markdown", "table", "progress", "image" or another.
        data: what it shows.
    """

    key: ArtifactKey = None
    type: str | None = None
    description: str | None = None
    data: dict[str, Any] | Any | None = None
    metadata_: dict[str, str] | None = None
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class ArtifactCollection(Artifact):
    """The newest of the artifacts of one key, which `latest_id` is the id of."""

    latest_id: UUID


class BlockType(Identified):
    """What a class of blocks says of itself; its slug is its name in lowercase and dashes."""

    name: str
    slug: str
    description: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class BlockDocument(Identified):
    """A saved block; blocks within it stand in their places in `data`."""

    name: BlockName = None
    data: dict[str, Any] = Field(default_factory=dict)
    block_type_name: str | None = None
    block_type: BlockType | None = None
    is_anonymous: bool = False


class Flow(Identified):
    """A flow, known by its name."""

    name: Name
    tags: list[str] = Field(default_factory=list)
    labels: dict[str, Any] = Field(default_factory=dict)


class FlowRunPolicy(Model):
    """How a flow run is tried again: how often, and after how many seconds."""

    retries: int | None = None
    retry_delay: int | float | list[int] | list[float] | None = None


class TaskRunPolicy(FlowRunPolicy):
    """How a task run is; `retry_jitter_factor` tells how much longer a delay may be by chance."""

    retry_jitter_factor: float | None = None


class FlowRun(Identified):
    """A run of a flow. Times are in UTC, durations run on while the run does."""

    name: str = Field(default_factory=generate_name)
    flow_id: UUID
    flow_name: str | None = Field(default=None, repr=False)
    deployment_id: UUID | None = None
    flow_version: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str | None = None
    tags: list[str] = Field(default_factory=list)
    labels: dict[str, Any] = Field(default_factory=dict)
    parent_flow_run_id: UUID | None = None
    parent_task_run_id: UUID | None = None
    run_count: int = 0
    expected_start_time: datetime.datetime | None = None
    next_scheduled_start_time: datetime.datetime | None = None
    start_time: datetime.datetime | None = None
    end_time: datetime.datetime | None = None
    total_run_time: datetime.timedelta = datetime.timedelta(0)
    estimated_run_time: datetime.timedelta = datetime.timedelta(0)
    auto_scheduled: bool = False
    infrastructure_pid: str | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    work_queue_name: str | None = None
    work_pool_name: str | None = None
    job_variables: dict[str, Any] | None = None
    state: State[Any] | None = None
    state_type: StateType | None = None
    state_name: str | None = None


class RunInput(Model):
    """What went into a task run."""

    model_config = ConfigDict(frozen=True)


class TaskRunResult(RunInput):
    """The result of a run."""

    input_type: Literal["task_run"] = "task_run"
    id: UUID


class FlowRunResult(RunInput):
    """The result of a subflow's run."""

    input_type: Literal["flow_run"] = "flow_run"
    id: UUID


class Parameter(RunInput):
    """A parameter of the flow."""

    input_type: Literal["parameter"] = "parameter"
    name: str


class Constant(RunInput):
    """A value from nowhere in particular."""

    input_type: Literal["constant"] = "constant"
    type: str


class TaskRun(Identified):
    """A run of a task. Times are in UTC, durations run on while the run does."""

    name: str = Field(default_factory=generate_name)
    flow_run_id: UUID | None = None
    task_key: str = ""
    dynamic_key: str = ""
    cache_key: str | None = None
    task_version: str | None = None
    tags: list[str] = Field(default_factory=list)
    labels: dict[str, Any] = Field(default_factory=dict)
    task_inputs: dict[str, list[TaskRunResult | FlowRunResult | Parameter | Constant]] = Field(
        default_factory=dict
    )
    run_count: int = 0
    expected_start_time: datetime.datetime | None = None
    next_scheduled_start_time: datetime.datetime | None = None
    start_time: datetime.datetime | None = None
    end_time: datetime.datetime | None = None
    total_run_time: datetime.timedelta = datetime.timedelta(0)
    estimated_run_time: datetime.timedelta = datetime.timedelta(0)
    state: State[Any] | None = None
    state_type: StateType | None = None
    state_name: str | None = None


class Log(Identified):
    """A log line. `level` is a number: 20 is INFO."""

    name: str
    level: int
    message: str
    timestamp: datetime.datetime
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None


class ConcurrencyLimitStrategy(Names):
    """What becomes of a run for which there is no slot."""

    ENQUEUE = auto()
    CANCEL_NEW = auto()


class ConcurrencyLimitConfig(Model):
    """How many runs of a deployment there may be at once, and what becomes of others."""

    limit: int
    collision_strategy: ConcurrencyLimitStrategy = ConcurrencyLimitStrategy.ENQUEUE
    grace_period_seconds: int | None = Field(default=None, ge=60, le=86400)


class ConcurrencyOptions(Model):
    """What becomes of a deployment's runs for which there is no slot."""

    collision_strategy: ConcurrencyLimitStrategy
    grace_period_seconds: int | None = Field(default=None, ge=60, le=86400)


class FlowControl(ConcurrencyLimitConfig):
    """All that holds a deployment's runs back; given where a `ConcurrencyLimitConfig` is.

    Args:
        limit: how many runs there may be at once, with a `key` for each key by itself.
        key: whose share of the limits a run takes, such as `"{parameters.tenant}"`.
        limits: the names of limits of which each run takes a slot, too.
        debounce_seconds: a run begins once nobody has asked for one of its key for so long, with
            the parameters that were given last.
        singleton: whether who asks for a run while there is one of its key is given that one.
        collision_strategy: what becomes of a run for which there is no slot.
    """

    limit: int | None = Field(default=None, ge=0)  # type: ignore[assignment]
    key: str | None = None
    limits: list[str] = Field(default_factory=list)
    debounce_seconds: float | None = Field(default=None, ge=0)
    singleton: bool = False


class GlobalConcurrencyLimit(Identified):
    """How many slots there are at once under a name; `active_slots` of them are taken."""

    name: str
    limit: int
    active: bool | None = True
    active_slots: int | None = 0
    slot_decay_per_second: float | None = 0.0


class ConcurrencyLimit(Identified):
    """The limit of a tag: `active_slots` are the task runs that hold its slots."""

    tag: str
    concurrency_limit: int
    active_slots: list[UUID] = Field(default_factory=list)


class DeploymentSchedule(Identified):
    """When a deployment runs by itself, and what its runs are like."""

    deployment_id: UUID | None = None
    schedule: SCHEDULE_TYPES
    active: bool = True
    max_scheduled_runs: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    slug: str | None = None


class Deployment(Identified):
    """A flow that can be run from elsewhere, with what it takes to run it."""

    name: Name
    flow_id: UUID
    flow_name: str | None = Field(default=None, repr=False)
    version: str | None = None
    description: str | None = None
    paused: bool = False
    schedules: list[DeploymentSchedule] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    entrypoint: str | None = None
    work_pool_name: str | None = None
    work_queue_name: str | None = None
    job_variables: dict[str, Any] = Field(default_factory=dict)
    parameter_openapi_schema: dict[str, Any] = Field(default_factory=dict)
    enforce_parameter_schema: bool = True
    concurrency_limit: int | None = None


class WorkPoolStatus(Names):
    """Whether a work pool's runs are taken."""

    READY = auto()
    NOT_READY = auto()
    PAUSED = auto()


class WorkPool(Identified):
    """Where runs of deployments wait for a worker; it is ready while one is online."""

    name: str
    type: str = "process"
    description: str | None = None
    is_paused: bool = False
    concurrency_limit: int | None = None
    status: WorkPoolStatus | None = None

    @property
    def is_push_pool(self) -> bool:
        """No: its runs are taken by workers."""
        return False

    @property
    def is_managed_pool(self) -> bool:
        """No: its workers are yours."""
        return False


class WorkQueue(Identified):
    """A line of runs within a work pool; those with a lower `priority` are served first."""

    name: str
    is_paused: bool = False
    concurrency_limit: int | None = None
    priority: int = 1
    work_pool_name: str | None = None


class WorkerStatus(Names):
    """Whether a worker lives."""

    ONLINE = auto()
    OFFLINE = auto()


class Worker(Identified):
    """A process that takes runs of a work pool."""

    name: str
    last_heartbeat_time: datetime.datetime | None = None
    status: WorkerStatus


__all__ = [
    "TERMINAL_STATES",
    "Artifact",
    "ArtifactCollection",
    "BlockDocument",
    "BlockType",
    "ConcurrencyLimit",
    "ConcurrencyLimitConfig",
    "ConcurrencyLimitStrategy",
    "ConcurrencyOptions",
    "Constant",
    "Deployment",
    "DeploymentSchedule",
    "Flow",
    "FlowRun",
    "FlowRunResult",
    "GlobalConcurrencyLimit",
    "Log",
    "Parameter",
    "State",
    "StateDetails",
    "StateType",
    "TaskRun",
    "TaskRunResult",
    "Variable",
    "WorkPool",
    "WorkPoolStatus",
    "WorkQueue",
    "Worker",
    "WorkerStatus",
]
