"""The runs of tasks: what is theirs alone in a run's life."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import msgspec

from headrace.context import (
    CURRENT_RUN,
    CURRENT_TRANSACTION,
    LiveTaskRun,
    get_environment,
)
from headrace.drivers import Ask, Lifecycle, Work, drive
from headrace.engine.commands import Call, WaitFor
from headrace.engine.generators import collected
from headrace.engine.hooks import call_hooks
from headrace.engine.inputs import Inputs, find_inputs, not_ready, resolve
from headrace.engine.outcomes import outcome_of, refuse_if_over
from headrace.ids import new_id
from headrace.logging import log_line, logger_of
from headrace.prints import capture_prints
from headrace.records import StateChange, StateType, TaskRunChanged, TaskRunCreated
from headrace.states import Failed, State, is_state_iterable
from headrace.text import MAX_NAME, clip_name, describe_error, numbered_name

if TYPE_CHECKING:
    from uuid import UUID

    from headrace.concurrency.leases import Lease
    from headrace.context import Clock
    from headrace.records import Record
    from headrace.results import ResultStore
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
    flow_run = caller.flow_run if isinstance(caller, LiveTaskRun) else caller
    name = task.name
    if flow_run is not None and (flow_run.closed or flow_run.cancelling):
        refuse_if_over(flow_run)
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
    run.remote = run.lease = run.lease_id = run.epoch = None
    run.retries = task.retries
    run.clock = environment.clock
    run.record = environment.recorder.record
    run.caller = caller
    run.named = run.returned_state = False
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
    if isinstance(caller, LiveTaskRun):
        run.edges = {**run.edges, "__parents__": [caller.id]}
    return run


class TaskRun(LiveTaskRun):
    """A run of a task; made by `new_task_run`."""

    __slots__ = (
        "clock",
        "edges",
        "epoch",
        "lease",
        "lease_id",
        "named",
        "record",
        "remote",
        "retries",
        "returned_state",
    )

    kind: ClassVar[str] = "Task"
    again: ClassVar[str] = "Retrying"
    waits_always: ClassVar[bool] = False
    clock: Clock
    edges: dict[str, list[UUID]]
    #: The number of the claim under which a task worker has the run.
    epoch: int | None
    #: The slots that the tags' limits have given for the attempt.
    lease: Lease | None
    #: The lease that ends with the next state: its attempt is over.
    lease_id: UUID | None
    named: bool
    record: Callable[[Record], None]
    #: Makes the call elsewhere, for a run in a pool of processes.
    remote: Callable[[TaskRun], Call] | None
    retries: int
    returned_state: bool

    @property
    def result_store(self) -> ResultStore:
        """Where results are kept here."""
        from headrace.results import store_of  # slow to load: not for every program

        return store_of(self)

    def enter(self, type: StateType, name: str, message: str | None = None) -> None:
        """Record that the run enters a state that is not its last."""
        if not self.closed:
            self._record(StateChange(type, name, self.clock.now(), message, self.run_count))

    def open(self) -> Lifecycle[State[Any] | None] | None:
        """See whether the run can start: whether what it needs is there."""
        if self.upstream is None and self.task.task_run_name is None:
            return None
        return self._prepare()

    def begin_attempt(self) -> Lifecycle[State[Any] | None] | None:
        """Begin the attempt's transaction, and take the slots of its tags' limits, as needed.

        A state given back is the run's end.
        """
        return self._begin_attempt() if self.tags or self._needs_transaction() else None

    def _needs_transaction(self) -> bool:
        flow_run = self.flow_run
        return (
            self.task.transactional
            or self.environment.persists
            or (flow_run is not None and flow_run.persist_result)
            or CURRENT_TRANSACTION.get() is not None
            or (self.caller is not flow_run and self._is_within_transaction())
        )

    def _is_within_transaction(self) -> bool:
        return isinstance(self.caller, LiveTaskRun) and self.caller.transaction is not None

    def undo_attempt(self, error: BaseException) -> Lifecycle[object] | None:
        """Roll the attempt's transaction back, if it has one."""
        return None if self.transaction is None else self._end_attempt(None, error)

    def announce(self) -> Lifecycle[None] | None:
        """Call the hooks of an attempt that begins."""
        hooks = self.task.hooks
        if not hooks.get("on_running"):
            return None
        return call_hooks(hooks, self.task, self, cast(State[Any], self.state))

    def make_call(self) -> Call:
        """The call of the task's function."""
        if self.remote is not None:
            return self.remote(self)
        task = self.task
        function = collected(task) if task.isgenerator else task.function
        args, kwargs = self.args, self.kwargs
        if task.is_wrapped:
            args, kwargs = task.shape.unbind(self.parameters)
        return Call(function, args, kwargs, task.timeout_seconds)

    def gather(self, stop: bool) -> Lifecycle[None] | None:
        """Let the slots of its tags' limits go back with the next state, in one transaction.

        For what a task submits nobody waits here: it belongs to the flow run.
        """
        if self.lease is not None:
            self.lease_id, self.lease = self.lease.leave(), None
        return None

    def suspend(self) -> None:
        """A task is not suspended: it crashes."""

    def judge(self, value: object) -> State[Any]:
        """A returned state is the run's, entered now, and so are several; else it completes."""
        self.returned_state = isinstance(value, State)
        if self.returned_state or is_state_iterable(value):
            return outcome_of(value, self.clock.now())
        return State(StateType.COMPLETED, "Completed", None, value, self.clock.now())

    def may_retry(self, failure: Exception | State[Any]) -> Lifecycle[bool] | None:
        """Ask the task's `retry_condition_fn`, if it has one."""
        return None if self.task.retry_condition_fn is None else self._ask(failure)

    def retry_delay(self, retry: int) -> float:
        """How many seconds to wait before retry number `retry`."""
        delay, jitter = self.task.retry_delay(retry), self.task.retry_jitter_factor
        if not jitter:
            return delay
        from random import uniform  # slow to load

        # As much less as more, so that the delays are as long as told on average.
        return delay * uniform(max(0.0, 1 - jitter), 1 + jitter)

    def set_name(self) -> None:
        """Take the name that the task's `task_run_name` makes of the arguments."""
        given = self.task.task_run_name
        if given is not None and not self.named:
            from headrace.engine.run_names import custom_name  # slow to load

            self.name = clip_name(
                custom_name(f"task '{self.task.name}'", "task_run_name", given, self.parameters)
            )
            self.named = True

    def can_be_named(self) -> bool:
        """Whether the run has its name already, before what its arguments stand for is there."""
        if self.task.task_run_name is None:
            return True
        token = CURRENT_RUN.set(self)
        try:
            if self.upstream is None:
                self.set_name()
        except Exception:  # raised anew once it can end the run
            return False
        finally:
            CURRENT_RUN.reset(token)
        return self.named

    def close(self, state: State[Any]) -> Lifecycle[State[Any]] | None:
        """Record the run's end; hooks come first, so that what they log is there when it ends."""
        asks = self.task.hooks or self.transaction is not None or state.type is StateType.FAILED
        if asks and not self.closed:
            return self._close(state)
        self.end(state)
        return None

    def crash(self, state: State[Any]) -> None:
        """Record that the run ends here and now; what its attempt did is undone first."""
        if self.transaction is not None:
            drive(self._end_attempt(None, state.error))
        self.gather(stop=True)
        self.end(state)

    def end(self, state: State[Any]) -> None:
        """Record the last state, and remember where the value came from."""
        state.of_run(None if self.flow_run is None else self.flow_run.id, self.id)
        if self.closed:
            return  # its flow run has ended, and took it along
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

    def _prepare(self) -> Lifecycle[State[Any] | None]:
        if (upstream := self.upstream) is not None:
            if self.change is None and self.task.task_run_name is None:
                self.enter(StateType.PENDING, "Pending")
            yield WaitFor(upstream.futures)
            if (state := not_ready(upstream.required, upstream.may_fail)) is not None:
                return state
            # The futures are let go of: they would hold their results in memory.
            self.upstream = None
            self.args = tuple(resolve(value) for value in self.args)
            self.kwargs = {name: resolve(value) for name, value in self.kwargs.items()}
        had_name = self.named
        try:
            self.set_name()
        except Exception as error:  # the user's function, or a template that fits no parameters
            reason = describe_error(error)
            return Failed(f"Task run could not be named by task_run_name: {reason}", data=error)
        if self.named and not had_name and self.epoch is not None:
            # Only now its arguments are known, which make the name of a run that is known already.
            now = self.clock.now()
            pending = StateChange(StateType.PENDING, "Pending", now, None, self.run_count)
            self.record(TaskRunChanged(self.id, pending, self.epoch, self.name))
        return None

    def _begin_attempt(self) -> Lifecycle[State[Any] | None]:
        if self._needs_transaction():
            from headrace.engine import attempts  # slow to load: not for every program

            if self.change is None:
                self.enter(StateType.PENDING, "Pending")
            state = yield from attempts.begin(self)
            if state is not None:
                return state
        if self.tags:
            from headrace.engine import tag_slots  # for tasks with tags alone

            return (yield from tag_slots.take(self))
        return None

    def _ask(self, failure: Exception | State[Any]) -> Lifecycle[bool]:
        condition = self.task.retry_condition_fn
        assert condition is not None
        state = failure
        if isinstance(state, Exception):
            message = f"Task run encountered unexpected exception: {state!r}"
            state = Failed(message, data=state)
        try:
            return bool((yield Ask(condition, self.task, self, state)))
        except Exception as error:
            logger_of(self).error("retry_condition_fn raised %r: no retry", error, exc_info=error)
            return False

    def _close(self, state: State[Any]) -> Lifecycle[State[Any]]:
        self.final = state.of_run(self.flow_run_id, self.id)
        if self.transaction is not None:
            state = (yield from self._end_attempt(state, None)) or state
            self.final = state.of_run(self.flow_run_id, self.id)
        if state.type is StateType.FAILED and state.data is not None and self.persist_result:
            from headrace.results import keys  # slow to load: not for every program

            state.kept = yield Work(keys.keep_outcome, self, state.data)
        yield from call_hooks(self.task.hooks, self.task, self, state)
        self.end(state)
        return state

    def _end_attempt(
        self, state: State[Any] | None, error: BaseException | None
    ) -> Lifecycle[State[Any] | None]:
        from headrace.engine import attempts  # slow to load: not for every program

        return (yield from attempts.end(self, state, error))

    def _record(self, change: StateChange) -> None:
        if self.change is not None:
            lease_id, self.lease_id = self.lease_id, None
            self.record(TaskRunChanged(self.id, change, self.epoch, None, lease_id))
            if lease_id is not None:
                self.environment.recorder.hurry()  # others may wait for the slots
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
                    self.tags,
                    self.edges,
                )
            )
        self.change = change
