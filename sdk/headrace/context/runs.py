"""Flow runs and task runs, as the code within them sees them, and which one is the current."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.context.assignment import Assignment
from headrace.context.environment import Clock, Environment, SystemClock, substitute
from headrace.ids import time_of
from headrace.provenance import Provenance
from headrace.records import StateChange, StateType
from headrace.settings import Settings, get_settings, temporary_settings_here
from headrace.states import State

if TYPE_CHECKING:
    import datetime

    from headrace.client.schemas.objects import FlowRunPolicy, TaskRunPolicy
    from headrace.context.views import EngineContext, TaskRunContext
    from headrace.engine.inputs import Inputs
    from headrace.engine.pools import Pool
    from headrace.flows import Flow
    from headrace.futures import HeadraceFuture
    from headrace.logging import HeadraceLogAdapter
    from headrace.results import ResultStore
    from headrace.task_runners import TaskRunner
    from headrace.tasks import Task
    from headrace.transactions import BaseTransaction


class _Run:
    """What the runs of flows and of tasks have in common."""

    __slots__ = (
        "args",
        "change",
        "closed",
        "environment",
        "final",
        "id",
        "kwargs",
        "log_prints",
        "logger",
        "name",
        "run_count",
        "store",
        "tags",
    )

    id: UUID
    name: str
    environment: Environment
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    tags: list[str]
    run_count: int
    #: The last change of its state that is recorded; None before it exists.
    change: StateChange | None
    #: The state that the run has come to; `closed` once that is recorded.
    final: State[Any] | None
    closed: bool
    log_prints: bool
    logger: HeadraceLogAdapter | None
    #: Where results are kept; made when it is first asked for.
    store: ResultStore | None

    @property
    def state(self) -> State[Any] | None:
        """The state that the run is in."""
        change = self.change
        if self.final is not None or change is None:
            return self.final
        return State(change.type, change.name, change.message, None, change.timestamp)

    @property
    def state_type(self) -> StateType | None:
        """The type of the state that the run is in."""
        return None if self.state is None else self.state.type

    @property
    def state_name(self) -> str | None:
        """The name of the state that the run is in."""
        return None if self.state is None else self.state.name

    @property
    def start_time(self) -> datetime.datetime:
        """When it was created, to the millisecond, in UTC."""
        return time_of(self.id)

    @property
    def created(self) -> datetime.datetime:
        """When it was created, as `start_time`."""
        return self.start_time

    @property
    def expected_start_time(self) -> datetime.datetime:
        """When it was to start: when it was called."""
        return self.start_time

    @property
    def end_time(self) -> datetime.datetime | None:
        """When it ended, in UTC; None before."""
        return None if self.final is None else self.final.timestamp

    @property
    def total_run_time(self) -> datetime.timedelta:
        """How long it has taken up to now, or to its end."""
        import datetime  # what most programs need no more than this

        return (self.end_time or datetime.datetime.now(datetime.UTC)) - self.start_time


def _plain_delay(delay: float | Sequence[float]) -> float | list[float]:
    return delay if isinstance(delay, int | float) else list(delay)


class LiveFlowRun(_Run):
    """A flow run of this process; the `flow_run` that hooks are called with.

    Attributes:
        id: the run's id.
        name: its name, such as "nimble-falcon".
        flow: the flow that runs.
        arguments: the arguments that the flow's function has, by parameter name.
        parent: the flow run that called this one, if any did.
        parent_task_run: the task run that called this one, if a task did.
        run_count: the number of the current attempt; 0 before the first.
        tags: the words to find it by.
    """

    __slots__ = (
        "arguments",
        "assignment",
        "cancelling",
        "counters",
        "flow",
        "living",
        "logged",
        "parent",
        "parent_task_run",
        "passed",
        "pause_expired",
        "pauses",
        "pending",
        "persist_result",
        "pool",
        "provenance",
        "runner",
        "view",
    )

    #: What the code within it knows it by, once that was asked for.
    view: EngineContext | None

    def __init__(
        self,
        flow: Flow[..., Any],
        run_id: UUID,
        name: str,
        environment: Environment,
        parent: LiveFlowRun | None,
        parent_task_run: LiveTaskRun | None,
    ) -> None:
        self.flow = flow
        self.id = run_id
        self.name = name
        self.environment = environment
        self.parent = parent
        self.parent_task_run = parent_task_run
        self.tags = sorted(flow.tags | CURRENT_TAGS.get())
        self.view = None
        self.arguments: dict[str, object] = {}
        #: The arguments as they were passed, before anything was resolved or converted.
        self.passed: dict[str, object] = {}
        self.args = ()
        self.kwargs = {}
        self.run_count = 0
        #: What the process was given to execute, if the run is a deployment's.
        self.assignment: Assignment | None = None
        #: Whether somebody wants it cancelled: its next step raises.
        self.cancelling = False
        self.change = None
        self.final = None
        self.closed = False
        self.log_prints = False
        self.logger = None
        self.counters: dict[str, itertools.count[int]] = {}
        self.provenance = Provenance()
        #: The runs called within this one, in whatever thread, that have not ended.
        self.living: dict[LiveRun, None] = {}
        #: Futures of tasks submitted in this run that have not ended.
        self.pending: dict[HeadraceFuture[Any], None] = {}
        self.pool: Pool | None = None
        #: A started task runner with a `submit` of its own, if the flow has one.
        self.runner: TaskRunner[Any] | None = None
        #: How often its code has asked to be paused.
        self.pauses = 0
        #: Whether it was not resumed in time from one of them.
        self.pause_expired = False
        #: Whether its result is kept, and those of its tasks that do not say otherwise.
        self.persist_result = False
        self.store = None
        #: Type and address of the last exception of a run within whose traceback was logged.
        self.logged: tuple[type, int] | None = None

    @staticmethod
    def get() -> LiveFlowRun | None:
        """The innermost flow run that this code runs in, or None."""
        run = CURRENT_RUN.get()
        return run.flow_run if isinstance(run, LiveTaskRun) else run

    @property
    def flow_run(self) -> LiveFlowRun:
        """The flow run that it belongs to: itself."""
        return self

    @property
    def parameters(self) -> dict[str, Any]:
        """What was passed to the flow, by parameter name, as plain values that JSON knows."""
        from headrace.parameters import readable

        return readable(self.passed)

    @property
    def deployment_id(self) -> UUID | None:
        """The deployment that it is a run of, if it is one's."""
        return None if self.assignment is None else self.assignment.deployment_id

    @property
    def flow_name(self) -> str:
        """The flow's name."""
        return self.flow.name

    @property
    def task_runner(self) -> TaskRunner[Any]:
        """Where submitted tasks run."""
        return self.flow.task_runner

    @property
    def root(self) -> LiveFlowRun:
        """The outermost flow run around this one, or itself."""
        return self if self.parent is None else self.parent.root

    @property
    def parent_task_run_id(self) -> UUID | None:
        """The id of the task run that called it, if one did."""
        return None if self.parent_task_run is None else self.parent_task_run.id

    @property
    def flow_version(self) -> str | None:
        """The flow's version."""
        return self.flow.version

    @property
    def empirical_policy(self) -> FlowRunPolicy:
        """How it is tried again."""
        from headrace.client.schemas.objects import FlowRunPolicy  # slow to load, and seldom asked

        delay = _plain_delay(self.flow.retry_delay_seconds)
        return FlowRunPolicy(retries=self.flow.retries, retry_delay=delay)


class LiveTaskRun(_Run):
    """A task run of this process; the `task_run` that hooks are called with.

    Attributes:
        id: the run's id.
        name: its name: the task's, and a number from the second call in a flow run on.
        task: the task that runs.
        flow_run: the flow run it belongs to, or None for a task called outside of every flow.
        run_count: the number of the current attempt; 0 before the first.
        tags: the words to find it by.
    """

    __slots__ = (
        "asset_metadata",
        "caller",
        "flow_run",
        "submitted",
        "task",
        "transaction",
        "upstream",
        "view",
    )

    #: What the code within it knows it by, once that was asked for.
    view: TaskRunContext | None

    def __init__(
        self,
        task: Task[..., Any],
        run_id: UUID,
        name: str,
        environment: Environment,
        flow_run: LiveFlowRun | None,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> None:
        self.task = task
        self.id = run_id
        self.name = name
        self.environment = environment
        self.flow_run = flow_run
        current = CURRENT_TAGS.get()
        self.tags = sorted(task.tags | current) if task.tags or current else []
        self.args = args
        self.kwargs = kwargs
        self.run_count = 0
        self.change = None
        self.final = None
        self.closed = False
        self.log_prints = False
        self.logger = None
        #: What has to be there before the run can start: futures and states.
        self.upstream: Inputs | None = None
        #: The run that called this one, and whether it went on at once instead of waiting.
        self.caller: LiveRun | None = None
        self.submitted = False
        #: What its code has said of the assets that it makes, by the asset's key.
        self.asset_metadata: dict[str, dict[str, Any]] | None = None
        #: The transaction of the current attempt, if anything needs one.
        self.transaction: BaseTransaction | None = None
        self.store = None
        self.view = None

    @staticmethod
    def get() -> LiveTaskRun | None:
        """The innermost task run that this code runs in, or None; flows may lie between."""
        run = CURRENT_RUN.get()
        while run is not None and not isinstance(run, LiveTaskRun):
            run = run.parent_task_run or run.parent
        return run

    @property
    def parameters(self) -> dict[str, object]:
        """The task's arguments by parameter name, defaults included."""
        return self.task.shape.bind(self.args, self.kwargs)

    @property
    def flow_run_id(self) -> UUID | None:
        """The id of the flow run that it belongs to, if it does."""
        return None if self.flow_run is None else self.flow_run.id

    @property
    def task_key(self) -> str:
        """What tells its task from others."""
        return self.task.task_key

    @property
    def task_version(self) -> str | None:
        """The version of its task."""
        return self.task.version

    @property
    def empirical_policy(self) -> TaskRunPolicy:
        """How it is tried again."""
        from headrace.client.schemas.objects import TaskRunPolicy  # slow to load, and seldom asked

        return TaskRunPolicy(
            retries=self.task.retries,
            retry_delay=_plain_delay(self.task.retry_delay_seconds),
            retry_jitter_factor=self.task.retry_jitter_factor,
        )

    @property
    def persist_result(self) -> bool:
        """Whether its result is kept: as the task says, or the settings, or as its caller does."""
        settings = current_settings()
        for said in (self.task.persist_result, settings.tasks_default_persist_result):
            if said is not None:
                return said
        return persists_by_default(self.caller, settings)


LiveRun = LiveFlowRun | LiveTaskRun


def title_of(run: LiveRun) -> str:
    """How messages name a run: by its flow, and by its task if it is one's."""
    if isinstance(run, LiveFlowRun):
        return f"flow '{run.flow.name}'"
    task = f"task '{run.task.name}'"
    return task if run.flow_run is None else f"{title_of(run.flow_run)}, {task}"


#: The run that the code runs in.
CURRENT_RUN: ContextVar[LiveRun | None] = ContextVar("headrace_current_run", default=None)


#: The tags of the `with tags(...)` that the code runs in.
CURRENT_TAGS: ContextVar[frozenset[str]] = ContextVar("headrace_current_tags", default=frozenset())

#: The innermost transaction that the code runs in.
CURRENT_TRANSACTION: ContextVar[BaseTransaction | None] = ContextVar(
    "headrace_current_transaction", default=None
)


def persists_by_default(caller: LiveRun | None, settings: Settings) -> bool:
    """Whether the result of a run is kept that does not say so itself."""
    if caller is not None:
        return caller.persist_result
    return settings.results_persist_by_default or bool(settings.results_default_storage_block)


def current_clock() -> Clock:
    """The clock of the run that this code runs in; outside of runs, of those that start now."""
    environment = _surrounding()
    return SystemClock() if environment is None else environment.clock


def current_settings() -> Settings:
    """The settings that hold here: temporary ones, or those of the run that this code is in."""
    temporary = temporary_settings_here()
    environment = _surrounding()
    if temporary is not None or environment is None:
        return temporary or get_settings()
    return environment.settings


def _surrounding() -> Environment | None:
    run = CURRENT_RUN.get()
    return substitute() if run is None else run.environment
