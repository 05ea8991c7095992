"""What is running here: the current flow run or task run, and what it runs in.

    >>> from headrace.context import FlowRunContext
    >>> FlowRunContext.get() is None      # outside of every flow
    True

The current run follows the flow of control, also into coroutines and into the threads of `submit`.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from headrace.exceptions import SetupError, tell_in_one_line
from headrace.ids import time_of
from headrace.options import checked_tags
from headrace.provenance import Provenance
from headrace.records import Record, StateChange, StateType, now_micros
from headrace.settings import Settings, get_settings, temporary_settings_here
from headrace.states import State

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from headrace.engine.inputs import Inputs
    from headrace.engine.pools import Pool
    from headrace.flows import Flow
    from headrace.futures import HeadraceFuture
    from headrace.logging import HeadraceLogAdapter
    from headrace.results import ResultStore
    from headrace.task_runners import TaskRunner
    from headrace.tasks import Task
    from headrace.transactions import BaseTransaction


class Recorder(Protocol):
    """Where records go: `headrace.recorder.Recorder`, or a list in a test."""

    def record(self, record: Record) -> None:
        """Take one record; never fails, and hardly ever waits."""

    def flush(self, timeout: float | None = None) -> object:
        """Wait until everything recorded so far is safe, at most `timeout` seconds."""


class Clock(Protocol):
    """Time, as the engine sees it."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait, in a thread."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, in a coroutine."""


class SystemClock:
    """The time of the machine."""

    now = staticmethod(now_micros)
    sleep = staticmethod(time.sleep)

    async def sleep_async(self, seconds: float) -> None:
        """Wait, in a coroutine."""
        import asyncio  # not before a coroutine needs it

        await asyncio.sleep(seconds)


class Environment:
    """What runs have in common in a process: settings, the recorder and the clock.

    Attributes:
        persists: whether the settings ask for results of runs that do not say so to be kept.
    """

    __slots__ = ("clock", "persists", "recorder", "settings")

    def __init__(self, settings: Settings, recorder: Recorder, clock: Clock) -> None:
        self.settings = settings
        self.recorder = recorder
        self.clock = clock
        self.persists = bool(
            settings.tasks_default_persist_result
            or settings.results_persist_by_default
            or settings.results_default_storage_block
        )


#: The process's own environment, and the one that a test has put in its place.
_own: Environment | None = None
_substitute: Environment | None = None


def get_environment() -> Environment:
    """The environment of runs that start now: the process's own unless a test has set another.

    Raises:
        SetupError: nothing can be recorded as things stand.
    """
    global _own
    if _substitute is not None:
        return _substitute
    from headrace.recorder import get_recorder  # loads the transport, which costs a while

    try:
        recorder = get_recorder()
    except SetupError:
        tell_in_one_line()
        raise
    settings = get_settings()
    if _own is None or _own.recorder is not recorder or _own.settings is not settings:
        _set_up_logging(settings)
        _own = Environment(settings, recorder, SystemClock())
    return _own


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
    return _substitute if run is None else run.environment


@contextlib.contextmanager
def use_environment(environment: Environment) -> Iterator[Environment]:
    """Give all runs that start within, in any thread, another environment. For tests."""
    global _substitute
    _set_up_logging(environment.settings)
    before, _substitute = _substitute, environment
    try:
        yield environment
    finally:
        _substitute = before


def _set_up_logging(settings: Settings) -> None:
    from headrace.logging import ensure_logging  # it needs this module

    ensure_logging(settings)


class Assignment:
    """A run of a deployment that this process was given to execute.

    Attributes:
        flow_run_id, name: the run, which exists already.
        epoch: the number of the claim under which it was given.
        run_count: the number of the attempt it is at; above 0 when it goes on after a suspension.
        deployment_id, deployment_name, deployment_version: its deployment.
        deployment_parameters: the arguments that it was given, the deployment's own among them.
        is_cancelling: asks whether somebody wants the run cancelled.
    """

    __slots__ = (
        "deployment_id",
        "deployment_name",
        "deployment_parameters",
        "deployment_version",
        "epoch",
        "flow_run_id",
        "is_cancelling",
        "name",
        "run_count",
    )

    def __init__(
        self,
        flow_run_id: UUID,
        name: str,
        epoch: int,
        run_count: int,
        deployment_id: UUID,
        deployment_name: str,
        deployment_version: str | None,
        deployment_parameters: dict[str, Any],
        is_cancelling: Callable[[], bool],
    ) -> None:
        self.flow_run_id = flow_run_id
        self.name = name
        self.epoch = epoch
        self.run_count = run_count
        self.deployment_id = deployment_id
        self.deployment_name = deployment_name
        self.deployment_version = deployment_version
        self.deployment_parameters = deployment_parameters
        self.is_cancelling = is_cancelling


#: What the next outermost flow run of this process is to be; it takes it.
ASSIGNMENT: ContextVar[Assignment | None] = ContextVar("headrace_assignment", default=None)


class FlowRunContext:
    """A flow run, as the code within it sees it; also the `flow_run` that hooks are called with.

    Attributes:
        id: the run's id.
        name: its name, such as "nimble-falcon".
        flow: the flow that runs.
        parameters: the flow's arguments by parameter name.
        parent: the flow run that called this one, if any did.
        parent_task_run: the task run that called this one, if a task did.
        run_count: the number of the current attempt; 0 before the first.
        tags: the words to find it by.
    """

    __slots__ = (
        "args",
        "assignment",
        "change",
        "closed",
        "counters",
        "environment",
        "final",
        "flow",
        "id",
        "kwargs",
        "living",
        "log_prints",
        "logged",
        "logger",
        "name",
        "parameters",
        "parent",
        "parent_task_run",
        "passed",
        "pause_expired",
        "pauses",
        "pending",
        "persist_result",
        "pool",
        "provenance",
        "run_count",
        "runner",
        "store",
        "tags",
    )

    def __init__(
        self,
        flow: Flow[..., Any],
        run_id: UUID,
        name: str,
        environment: Environment,
        parent: FlowRunContext | None,
        parent_task_run: TaskRunContext | None,
    ) -> None:
        self.flow = flow
        self.id = run_id
        self.name = name
        self.environment = environment
        self.parent = parent
        self.parent_task_run = parent_task_run
        self.tags = sorted(flow.tags | CURRENT_TAGS.get())
        self.parameters: dict[str, object] = {}
        #: The parameters as they were passed, before anything was resolved or converted.
        self.passed: dict[str, object] = {}
        self.args: tuple[object, ...] = ()
        self.kwargs: Mapping[str, object] = {}
        self.run_count = 0
        #: What the process was given to execute, if the run is a deployment's.
        self.assignment: Assignment | None = None
        self.change: StateChange | None = None
        #: The state that the run has come to; `closed` once that is recorded.
        self.final: State[Any] | None = None
        self.closed = False
        self.log_prints = False
        self.logger: HeadraceLogAdapter | None = None
        self.counters: dict[str, itertools.count[int]] = {}
        self.provenance = Provenance()
        #: The runs called within this one, in whatever thread, that have not ended.
        self.living: dict[RunContext, None] = {}
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
        #: Where they are kept; made when it is first asked for.
        self.store: ResultStore | None = None
        #: Type and address of the last exception of a run within whose traceback was logged.
        self.logged: tuple[type, int] | None = None

    @staticmethod
    def get() -> FlowRunContext | None:
        """The innermost flow run that this code runs in, or None."""
        run = CURRENT_RUN.get()
        return run.flow_run if isinstance(run, TaskRunContext) else run

    @property
    def flow_run(self) -> FlowRunContext:
        """The run itself: Prefect's users find it under this name."""
        return self

    @property
    def deployment_id(self) -> UUID | None:
        """The deployment that it is a run of, if it is one's."""
        return None if self.assignment is None else self.assignment.deployment_id

    @property
    def state(self) -> State[Any] | None:
        """The state that the run is in."""
        return self.final or _as_state(self.change)

    @property
    def state_type(self) -> StateType | None:
        """The type of the state that the run is in."""
        return None if self.state is None else self.state.type

    @property
    def state_name(self) -> str | None:
        """The name of the state that the run is in."""
        return None if self.state is None else self.state.name

    @property
    def flow_name(self) -> str:
        """The flow's name."""
        return self.flow.name

    @property
    def task_runner(self) -> TaskRunner[Any]:
        """Where submitted tasks run."""
        return self.flow.task_runner

    @property
    def root(self) -> FlowRunContext:
        """The outermost flow run around this one, or itself."""
        return self if self.parent is None else self.parent.root

    @property
    def parent_task_run_id(self) -> UUID | None:
        """The id of the task run that called it, if one did."""
        return None if self.parent_task_run is None else self.parent_task_run.id

    @property
    def start_time(self) -> datetime.datetime:
        """When it was created, to the millisecond, in UTC."""
        return time_of(self.id)

    @property
    def expected_start_time(self) -> datetime.datetime:
        """When it was to start: when it was called."""
        return self.start_time


class TaskRunContext:
    """A task run, as the code within it sees it; also the `task_run` that hooks are called with.

    Attributes:
        id: the run's id.
        name: its name: the task's, and a number from the second call in a flow run on.
        task: the task that runs.
        flow_run: the flow run it belongs to, or None for a task called outside of every flow.
        run_count: the number of the current attempt; 0 before the first.
        tags: the words to find it by.
    """

    __slots__ = (
        "args",
        "caller",
        "change",
        "closed",
        "environment",
        "final",
        "flow_run",
        "id",
        "kwargs",
        "log_prints",
        "logger",
        "name",
        "run_count",
        "store",
        "submitted",
        "tags",
        "task",
        "transaction",
        "upstream",
    )

    def __init__(
        self,
        task: Task[..., Any],
        run_id: UUID,
        name: str,
        environment: Environment,
        flow_run: FlowRunContext | None,
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
        self.change: StateChange | None = None
        #: The state that the run has come to; `closed` once that is recorded.
        self.final: State[Any] | None = None
        self.closed = False
        self.log_prints = False
        self.logger: HeadraceLogAdapter | None = None
        #: What has to be there before the run can start: futures and states.
        self.upstream: Inputs | None = None
        #: The run that called this one, and whether it went on at once instead of waiting.
        self.caller: RunContext | None = None
        self.submitted = False
        #: The transaction of the current attempt, if anything needs one.
        self.transaction: BaseTransaction | None = None
        #: Where the result is kept; made when it is first asked for.
        self.store: ResultStore | None = None

    @staticmethod
    def get() -> TaskRunContext | None:
        """The innermost task run that this code runs in, or None; flows may lie between."""
        run = CURRENT_RUN.get()
        while run is not None and not isinstance(run, TaskRunContext):
            run = run.parent_task_run or run.parent
        return run

    @property
    def task_run(self) -> TaskRunContext:
        """The run itself: Prefect's users find it under this name."""
        return self

    @property
    def state(self) -> State[Any] | None:
        """The state that the run is in."""
        return self.final or _as_state(self.change)

    @property
    def parameters(self) -> dict[str, object]:
        """The task's arguments by parameter name, defaults included."""
        return self.task.shape.bind(self.args, self.kwargs)

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
    def persist_result(self) -> bool:
        """Whether its result is kept: as the task says, or the settings, or as its caller does."""
        settings = current_settings()
        for said in (self.task.persist_result, settings.tasks_default_persist_result):
            if said is not None:
                return said
        return persists_by_default(self.caller, settings)


RunContext = FlowRunContext | TaskRunContext

#: The run that the code runs in.
CURRENT_RUN: ContextVar[RunContext | None] = ContextVar("headrace_current_run", default=None)


#: The tags of the `with tags(...)` that the code runs in.
CURRENT_TAGS: ContextVar[frozenset[str]] = ContextVar("headrace_current_tags", default=frozenset())

#: The innermost transaction that the code runs in.
CURRENT_TRANSACTION: ContextVar[BaseTransaction | None] = ContextVar(
    "headrace_current_transaction", default=None
)


def persists_by_default(caller: RunContext | None, settings: Settings) -> bool:
    """Whether the result of a run is kept that does not say so itself."""
    if caller is not None:
        return caller.persist_result
    return settings.results_persist_by_default or bool(settings.results_default_storage_block)


def _as_state(change: StateChange | None) -> State[Any] | None:
    if change is None:
        return None
    return State(change.type, change.name, change.message, None, change.timestamp)


def get_run_context() -> RunContext:
    """The run that this code runs in.

    Raises:
        MissingContextError: it runs in none.
    """
    run = CURRENT_RUN.get()
    if run is None:
        from headrace.exceptions import MissingContextError

        raise MissingContextError(
            "No run context available. You are not in a flow or task run context."
        )
    return run


@contextlib.contextmanager
def tags(*new_tags: str) -> Iterator[set[str]]:
    """Give the runs that are created within `new_tags`, besides the tags that they have.

        with tags("nightly"):
            pipeline()

    Yields:
        All tags that runs get here.

    Raises:
        InvalidOption: one of them is no text of 1 to 1,024 characters.
    """
    checked = checked_tags("tags()", new_tags)
    token = CURRENT_TAGS.set(CURRENT_TAGS.get() | checked)
    try:
        yield set(CURRENT_TAGS.get())
    finally:
        CURRENT_TAGS.reset(token)


class TagsContext:
    """The tags of the `with tags(...)` that the code runs in, as a set `current_tags`."""

    def __init__(self, current_tags: set[str]) -> None:
        self.current_tags = current_tags

    @classmethod
    def get(cls) -> TagsContext:
        """Those here."""
        return cls(set(CURRENT_TAGS.get()))


class SettingsContext:
    """The settings that hold where the code runs, as `settings`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def get(cls) -> SettingsContext:
        """Those here."""
        return cls(current_settings())


__all__ = [
    "ASSIGNMENT",
    "CURRENT_RUN",
    "CURRENT_TAGS",
    "CURRENT_TRANSACTION",
    "Assignment",
    "Clock",
    "Environment",
    "FlowRunContext",
    "Recorder",
    "RunContext",
    "SettingsContext",
    "SystemClock",
    "TagsContext",
    "TaskRunContext",
    "current_clock",
    "current_settings",
    "get_environment",
    "get_run_context",
    "persists_by_default",
    "tags",
    "use_environment",
]
