"""The runs of tasks: what is theirs alone in a run's life."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from headrace.context import (
    CURRENT_RUN,
    CURRENT_TRANSACTION,
    TaskRunContext,
    get_environment,
)
from headrace.drivers import Lifecycle, drive
from headrace.engine.commands import Call, WaitFor
from headrace.engine.hooks import call_hooks
from headrace.engine.inputs import Inputs, find_inputs, not_ready, resolve
from headrace.engine.outcomes import refuse_if_crashed
from headrace.ids import new_id
from headrace.logging import log_line
from headrace.prints import capture_prints
from headrace.records import StateChange, StateType, TaskRunChanged, TaskRunCreated
from headrace.states import State
from headrace.text import MAX_NAME, numbered_name

if TYPE_CHECKING:
    from uuid import UUID

    from headrace.context import Clock
    from headrace.records import Record
    from headrace.tasks import Task

_NO_EDGES: dict[str, list[UUID]] = {}


def new_task_run(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: object = None,
) -> TaskRun:
    """A run of `task` in the flow run that calls it, if any does; not recorded yet.

    Raises:
        ParameterBindError: the arguments do not fit the task's parameters.
        SetupError: nothing can be recorded as things stand.
    """
    shape = task.shape
    shape.check(args, kwargs)
    caller = CURRENT_RUN.get()
    flow_run = caller.flow_run if isinstance(caller, TaskRunContext) else caller
    name = task.name
    if flow_run is not None and flow_run.closed:
        refuse_if_crashed(flow_run)
    if flow_run is None:
        environment = get_environment()
        log_prints = environment.settings.logging_log_prints
    else:
        environment = flow_run.environment
        log_prints = flow_run.log_prints
        counter = flow_run.counters.get(name)
        if counter is None:
            counter = flow_run.counters.setdefault(name, itertools.count())
        number = next(counter)
        if number:
            name = f"{name}-{number}"
            if len(name) > MAX_NAME:
                name = numbered_name(task.name, number)
    run = TaskRun(task, new_id(), name, environment, flow_run, args, kwargs)
    run.retries = task.retries
    run.clock = environment.clock
    run.record = environment.recorder.record
    run.caller = caller
    run.edges = _NO_EDGES
    if task.log_prints if task.log_prints is not None else log_prints:
        run.log_prints = True
        capture_prints()
    inputs = find_inputs(shape, args, kwargs, flow_run)
    if inputs is not None:
        run.edges = inputs.edges
        if inputs.replace:
            run.upstream = inputs
    if wait_for is not None:
        run.wait_for(wait_for)
    if isinstance(caller, TaskRunContext):
        run.edges = {**run.edges, "__parents__": [caller.id]}
    return run


class TaskRun(TaskRunContext):
    """A run of a task; made by `new_task_run`."""

    __slots__ = ("clock", "edges", "record", "retries")

    kind: ClassVar[str] = "Task"
    clock: Clock
    edges: dict[str, list[UUID]]
    record: Callable[[Record], None]
    retries: int

    def enter(self, type: StateType, name: str, message: str | None = None) -> None:
        """Record that the run enters a state that is not its last."""
        if not self.closed:
            self._record(StateChange(type, name, self.clock.now(), message, self.run_count))

    def open(self) -> Lifecycle[State[Any] | None] | None:
        """See whether the run can start: whether what it needs is there."""
        return None if self.upstream is None else self._prepare(self.upstream)

    def begin_attempt(self) -> Lifecycle[State[Any] | None] | None:
        """Begin the attempt's transaction, if it needs one; a state given back is the end."""
        flow_run = self.flow_run
        if (
            self.task.transactional
            or self.environment.persists
            or (flow_run is not None and flow_run.persists)
            or CURRENT_TRANSACTION.get() is not None
            or (isinstance(self.caller, TaskRunContext) and self.caller.transaction is not None)
        ):
            return self._begin_attempt()
        return None

    def undo_attempt(self, error: BaseException) -> Lifecycle[None] | None:
        """Roll the attempt's transaction back, if it has one."""
        return None if self.transaction is None else self._end_attempt(None, error)

    def make_call(self) -> Call:
        """The call of the task's function."""
        task = self.task
        return Call(task.fn, self.args, self.kwargs, task.timeout_seconds)

    def gather(self) -> None:
        """Nothing: what a task submits belongs to its flow run, which waits for it."""

    def judge(self, value: object) -> State[Any]:
        """A returned state is the run's, entered now; any other value completes it."""
        if isinstance(value, State) and value.is_final():
            # It may have been made long ago, and serve many runs.
            return State(value.type, value.name, value.message, value.data, self.clock.now())
        return State(StateType.COMPLETED, "Completed", None, value, self.clock.now())

    def retry_delay(self, retry: int) -> float:
        """How many seconds to wait before retry number `retry`."""
        return self.task.retry_delay(retry)

    def close(self, state: State[Any]) -> Lifecycle[None] | None:
        """Record the run's end; hooks come first, so that what they log is there when it ends."""
        if (self.task.hooks or self.transaction is not None) and not self.closed:
            return self._close(state)
        self.end(state)
        return None

    def crash(self, state: State[Any]) -> None:
        """Record that the run ends here and now; what its attempt did is undone first."""
        if self.transaction is not None:
            drive(self._end_attempt(None, state.error))
        self.end(state)

    def end(self, state: State[Any]) -> None:
        """Record the last state, and remember where the value came from."""
        if self.closed:
            return  # its flow run has crashed, and took it along
        self.final = state
        self.closed = True
        completed = state.type is StateType.COMPLETED
        level = logging.INFO if completed else logging.ERROR
        plain = state.name == "Completed" and not state.message
        message = "Finished in state Completed()" if plain else f"Finished in state {state}"
        log_line(self, level, message, state.micros)
        change = state.as_change(self.run_count)
        if not state.is_final():
            # It is NotReady, and stays so: nothing in the ledger looks as if it were going to run.
            change = msgspec.structs.replace(change, type=StateType.FAILED)
        self._record(change)
        flow_run = self.flow_run
        if flow_run is not None:
            flow_run.living.pop(self, None)
            if completed:
                flow_run.provenance.track(state.data, self.id)

    def wait_for(self, futures: object) -> None:
        """Wait for `futures` too before the run starts, without taking their results."""
        if self.upstream is None:
            self.upstream = Inputs()
        self.upstream.look_into("wait_for", futures, None)
        self.edges = {**self.edges, **self.upstream.edges}

    def roll_back(self) -> None:
        """Record that what the run did was undone, after its end."""
        if self.closed and self.change is not None:
            message = "Task rolled back as part of transaction"
            now = self.clock.now()
            rolled_back = State[Any](StateType.COMPLETED, "RolledBack", message, None, now)
            self._record(rolled_back.as_change(self.run_count))

    def _prepare(self, upstream: Inputs) -> Lifecycle[State[Any] | None]:
        if self.change is None:
            self.enter(StateType.PENDING, "Pending")
        yield WaitFor(upstream.futures)
        if (state := not_ready(upstream.required)) is not None:
            return state
        # The futures are let go of: they would hold their results in memory.
        self.upstream = None
        self.args = tuple(resolve(value) for value in self.args)
        self.kwargs = {name: resolve(value) for name, value in self.kwargs.items()}
        return None

    def _begin_attempt(self) -> Lifecycle[State[Any] | None]:
        from headrace.engine import attempts  # slow to load: not for every program

        if self.change is None:
            self.enter(StateType.PENDING, "Pending")
        state = yield from attempts.begin(self)
        return state

    def _close(self, state: State[Any]) -> Lifecycle[None]:
        self.final = state
        if self.transaction is not None:
            yield from self._end_attempt(state, None)
        yield from call_hooks(self.task.hooks, self.task, self, state)
        self.end(state)

    def _end_attempt(
        self, state: State[Any] | None, error: BaseException | None
    ) -> Lifecycle[None]:
        from headrace.engine import attempts  # slow to load: not for every program

        yield from attempts.end(self, state, error)

    def _record(self, change: StateChange) -> None:
        if self.change is not None:
            self.record(TaskRunChanged(self.id, change))
        else:
            task, flow_run, flow_run_id = self.task, self.flow_run, None
            if flow_run is not None:
                flow_run_id = flow_run.id
                flow_run.living[self] = None
            self.record(
                TaskRunCreated(
                    self.id,
                    task.name,
                    self.name,
                    change,
                    flow_run_id,
                    sorted(task.tags),
                    self.edges,
                )
            )
        self.change = change
