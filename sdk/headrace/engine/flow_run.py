"""The runs of flows: what is theirs alone in a run's life."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from headrace.cancellation import expect, forget
from headrace.context import (
    ASSIGNMENT,
    CURRENT_RUN,
    Assignment,
    LiveFlowRun,
    LiveTaskRun,
    get_environment,
    persists_by_default,
)
from headrace.drivers import Lifecycle, Work, drive
from headrace.engine.commands import Call, CallFlow, WaitFor
from headrace.engine.generators import collected
from headrace.engine.hooks import call_hooks
from headrace.engine.inputs import Inputs, not_ready, resolve
from headrace.engine.outcomes import failure_of, outcome_of, refuse_if_over
from headrace.engine.pools import close_pool, own_runner_of
from headrace.engine.task_run import TaskRun
from headrace.exceptions import (
    FlowPauseTimeout,
    FlowRunTimeoutError,
    ParameterTypeError,
    UnserializableResult,
)
from headrace.ids import new_id
from headrace.logging import log_creation, log_line
from headrace.names import generate_name
from headrace.parameters import recorded
from headrace.prints import capture_prints
from headrace.records import FlowRunChanged, FlowRunCreated, StateChange, StateType
from headrace.states import Cancelled, Cancelling, Completed, Crashed, Failed, Running, State
from headrace.text import clip_name, describe_error

if TYPE_CHECKING:
    from headrace.context import Clock
    from headrace.flows import Flow
    from headrace.results import ResultStore


def new_flow_run(
    flow: Flow[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: object = None,
) -> FlowRun:
    """A run of `flow`, within the run that calls it if any does; not recorded yet.

    Raises:
        ParameterBindError: the arguments do not fit the flow's parameters.
        SetupError: nothing can be recorded as things stand.
    """
    parameters = flow.shape.bind(args, kwargs)
    caller = CURRENT_RUN.get()
    parent = LiveFlowRun.get()
    if parent is not None and (parent.closed or parent.cancelling):
        refuse_if_over(parent)
    parent_task_run = caller if isinstance(caller, LiveTaskRun) else None
    environment = get_environment() if caller is None else caller.environment
    run = FlowRun(flow, new_id(), generate_name(), environment, parent, parent_task_run)
    run.arguments = run.passed = parameters
    run.retries = flow.retries
    run.upstream = [] if wait_for is None else [wait_for]
    if caller is None and (assignment := ASSIGNMENT.get()) is not None:
        run.take(assignment)
    run.clock = environment.clock
    if flow.log_prints is not None:
        run.log_prints = flow.log_prints
    elif caller is not None:
        run.log_prints = caller.log_prints
    else:
        run.log_prints = environment.settings.logging_log_prints
    if run.log_prints:
        capture_prints()
    said = flow.persist_result
    run.persist_result = persists_by_default(caller, environment.settings) if said is None else said
    return run


class FlowRun(LiveFlowRun):
    """A run of a flow; made by `new_flow_run`."""

    __slots__ = ("clock", "retries", "upstream")

    kind: ClassVar[str] = "Flow"
    again: ClassVar[str] = "Running"
    waits_always: ClassVar[bool] = True
    clock: Clock
    retries: int
    #: Futures to wait for before the run starts, besides those among its arguments.
    upstream: list[object]

    @property
    def is_outermost(self) -> bool:
        """Whether no other run called this one."""
        return self.parent is None and self.parent_task_run is None

    def take(self, assignment: Assignment) -> None:
        """Be the run that this process was given to execute, which exists already."""
        ASSIGNMENT.set(None)
        self.assignment = assignment
        self.id, self.name = assignment.flow_run_id, assignment.name
        self.run_count = max(0, assignment.run_count - 1)
        self.change = StateChange(StateType.PENDING, "Pending", self.environment.clock.now())

    @property
    def result_store(self) -> ResultStore:
        """Where results are kept here."""
        from headrace.results import store_of  # slow to load: not for every program

        return store_of(self)

    def enter(self, type: StateType, name: str, message: str | None = None) -> None:
        """Record that the run enters a state that is not its last."""
        if not self.closed:
            self._record(StateChange(type, name, self.clock.now(), message, self.run_count))

    def open(self) -> Lifecycle[State[Any] | None]:
        """Create the run, and check its arguments."""
        if self.flow.flow_run_name is None:
            self._create()  # with a template, once its parameters are known: they make the name
        try:
            self.flow.refuse_unusable()
            if self.flow.result_storage is not None:
                yield Work(getattr, self, "result_store")  # before the flow works for nothing
        except Exception as error:
            reason = describe_error(error)
            return Failed(f"Flow run encountered an exception: {reason}", data=error)
        inputs = self._inputs()
        if inputs.futures:
            yield WaitFor(inputs.futures)
        if inputs.replace or self.upstream:
            if (state := not_ready(inputs.required, inputs.may_fail)) is not None:
                return state
            self.arguments = {name: resolve(value) for name, value in self.arguments.items()}
        try:
            if self.flow.should_validate_parameters:
                self.arguments = self.flow.shape.validate(self.arguments)
            self._take_name()
        except ParameterTypeError as error:
            reason = f"{type(error).__name__}: {error}"
            return Failed(f"Validation of flow parameters failed with error: {reason}", data=error)
        except Exception as error:  # of the user's function for names, or of a template
            return Failed(f"Flow run could not be named: {describe_error(error)}", data=error)
        self._create()
        self.args, self.kwargs = self.flow.shape.unbind(self.arguments)
        return None

    def begin_attempt(self) -> Lifecycle[State[Any] | None] | None:
        """See whether the run was cancelled while it waited; a flow's result is not looked for."""
        return self._give_up() if self.cancelling else None

    def undo_attempt(self, error: BaseException) -> None:
        """Nothing: what its tasks did is undone by their own transactions."""

    def announce(self) -> Lifecycle[None] | None:
        """Call the hooks of an attempt that begins."""
        if not self.flow.hooks.get("on_running"):
            return None
        # Of that name in a retry, too: so Prefect's users know it.
        return call_hooks(self.flow.hooks, self.flow, self, Running())

    def make_call(self) -> Call:
        """The call of the flow's function."""
        if self.flow.has_own_runner:
            own_runner_of(self)
        timeout = self.flow.timeout_seconds
        return CallFlow(collected(self.flow), self.args, self.kwargs, timeout, FlowRunTimeoutError)

    def gather(self, stop: bool) -> Lifecycle[None] | None:
        """Wait for the submitted tasks that nobody has waited for; or `stop` them."""
        if stop:
            close_pool(self, drop=True)
            self.pool = None  # another attempt has another
            self._crash_within("exceeded its timeout")
        return self._gather() if self.pending else None

    def suspend(self) -> Lifecycle[None] | None:
        """Leave the run to whoever claims it next: a deployment's, that is. Others crash."""
        return None if self.assignment is None else self._suspend()

    def judge(self, value: object) -> State[Any]:
        """The state that the flow's returned value means."""
        state = outcome_of(value, self.clock.now())
        if self.pause_expired and state.is_completed():
            # Somebody was to say how to go on, and has not.
            message = "The flow was paused and never resumed."
            return Failed(message, data=FlowPauseTimeout(message))
        return state

    def may_retry(self, failure: Exception | State[Any]) -> None:
        """Nobody is asked: a flow that fails is tried again."""

    def retry_delay(self, retry: int) -> float:
        """How many seconds to wait before retry number `retry`."""
        return self.flow.retry_delay(retry)

    def close(self, state: State[Any]) -> Lifecycle[State[Any]]:
        """Record the run's end, and see everything it recorded safe if it is the outermost run.

        The terminal state comes after all else, so that whoever reads a finished run reads all.
        """
        if self.closed:
            return state  # the flow run around it has crashed, and took it along
        self._create()
        told = state
        if self.cancelling and not state.is_completed():
            # Hooks hear that the run is being cancelled: so Prefect's users know it.
            told, state = Cancelling(), Cancelled(f"flow run '{self.name}' was cancelled")
        self.final = state.of_run(self.id)
        try:
            yield from self._keep(state)
        except UnserializableResult as error:
            told = state = self.final = failure_of(self, error).of_run(self.id)
        if self.flow.hooks:
            yield from call_hooks(self.flow.hooks, self.flow, self, told)
        self._end(state)
        if self.is_outermost:
            environment = self.environment
            yield Work(environment.recorder.flush, environment.settings.settle_timeout)
        return state

    def cancel(self) -> None:
        """Somebody wants the run cancelled: its next step raises, and that of flow runs within it.

        Returns at once. The tasks that were submitted are ended in another thread; for who waits
        for them, that is the next step.
        """
        if self.cancelling or self.closed:
            return
        self.cancelling = True
        self.retries = 0
        log_line(self, logging.INFO, "The run is being cancelled", self.clock.now())
        for run in list(self.living):
            if isinstance(run, FlowRun):
                run.cancel()
        name = f"headrace-cancel-{self.name}"
        threading.Thread(target=self._end_submitted, name=name, daemon=True).start()

    def crash(self, state: State[Any]) -> None:
        """Record that the run ends here and now, and with it what runs within it elsewhere."""
        if self.closed:
            return
        close_pool(self, drop=True)
        self._create()
        begun = self.cancelling and self.final is not None  # the hooks were called, or are
        told, how = state, "crashed"
        superseded = self.assignment is not None and self.assignment.superseded
        wanted = None
        if self.assignment is not None and not superseded:
            wanted = self.assignment.wanted_state()
        if self.cancelling or wanted in (StateType.CANCELLING, StateType.CANCELLED):
            # Hooks hear that the run is being cancelled: so Prefect's users know it.
            told, state = Cancelling(), Cancelled(data=state.data)
        elif wanted is StateType.PAUSED:  # there is no hook for that, and the ledger knows it
            told = state = State(StateType.PAUSED, "Suspended")
            how = "was suspended"
            assert self.assignment is not None
            self.assignment.suspended = self.change is None or self.change.type is not state.type
        self.final = state.of_run(self.id)
        self._crash_within(how)
        if self.flow.hooks and not superseded and not begun:  # else the run goes on elsewhere
            drive(call_hooks(self.flow.hooks, self.flow, self, told))
        self._end(state)
        if self.is_outermost:
            self.environment.recorder.flush(self.environment.settings.settle_timeout)

    def _create(self) -> None:
        """Record and log that the run exists, once."""
        if self.change is not None:
            return
        self.enter(StateType.PENDING, "Pending")
        if self.parent is None:
            log_creation(self, f"Created flow run '{self.name}' for flow '{self.flow.name}'")
        else:
            message = f"Created subflow run '{self.name}' for flow '{self.flow.name}'"
            log_line(self.parent, logging.INFO, message, self.clock.now())

    def _inputs(self) -> Inputs:
        """What has to complete before the run starts."""
        inputs = Inputs()
        for name, value in self.arguments.items():
            inputs.look_into(name, value, None)
        if self.upstream:
            inputs.look_into("wait_for", self.upstream, None)
        return inputs

    def _take_name(self) -> None:
        given = self.flow.flow_run_name
        if given is not None:
            from headrace.engine.run_names import custom_name

            self.name = clip_name(
                custom_name(f"flow '{self.flow.name}'", "flow_run_name", given, self.arguments)
            )

    def _give_up(self) -> Lifecycle[State[Any] | None]:
        yield from ()
        return Cancelled()

    def _gather(self) -> Lifecycle[None]:
        # A task that runs may submit others.
        while self.pending:
            yield WaitFor(list(self.pending))

    def _suspend(self) -> Lifecycle[None]:
        close_pool(self)
        state = State[Any](StateType.PAUSED, "Suspended", None, None, self.clock.now())
        self.final = state.of_run(self.id)
        log_line(self, logging.INFO, f"Finished in state {state}", state.micros)
        self._record(state.as_change(self.run_count))
        self.closed = True
        forget(self.id)
        yield Work(self.environment.recorder.flush, self.environment.settings.settle_timeout)

    def _end_submitted(self) -> None:
        """End the tasks that were submitted, and with them the waiting for them."""
        close_pool(self, drop=True)
        for run in reversed(list(self.living)):
            if isinstance(run, TaskRun) and run.submitted:
                reason = f"its flow run '{self.name}' is being cancelled"
                run.crash(Crashed(f"Task run did not end by itself: {reason}"))
        self._settle_pending()

    def _crash_within(self, how: str) -> None:
        """Crash the runs of other threads and coroutines, those called last, innermost, first."""
        for run in reversed(list(self.living)):
            living = cast("FlowRun | TaskRun", run)
            reason = f"its flow run '{self.name}' {how}"
            living.crash(Crashed(f"{living.kind} run did not end by itself: {reason}"))
        self._settle_pending()

    def _settle_pending(self) -> None:
        for future in list(self.pending):
            future.settle(future.run.state or Crashed())
            self.pending.pop(future, None)

    def _keep(self, state: State[Any]) -> Lifecycle[None]:
        """Keep what the run came to if results are kept, and an exception it failed with anyway."""
        failed = state.type is StateType.FAILED and state.data is not None
        if self.persist_result and (failed or state.type is StateType.COMPLETED):
            from headrace.results import keys  # slow to load: not for every program

            needed = not failed and self.flow.persist_result is True
            state.kept = yield Work(keys.keep_outcome, self, state.data, needed)
        elif failed and isinstance(state.data, Exception):
            from headrace.engine import failures

            state.kept = yield Work(failures.keep_failure, self, state.data)

    def _end(self, state: State[Any]) -> None:
        close_pool(self)
        for run in list(self.living):
            if isinstance(run, TaskRun) and run.task.isgenerator:
                run.end(Completed(data=None))  # its items were not all taken
        self.final = state
        self.closed = True
        forget(self.id)
        # Of a run that somebody else has suspended nothing is taken any more: the ledger knows it.
        if self.assignment is None or not self.assignment.suspended:
            level = logging.INFO if state.is_completed() else logging.ERROR
            log_line(self, level, f"Finished in state {state}", state.micros)
            self._record(state.as_change(self.run_count))
        if self.parent is not None:
            self.parent.living.pop(self, None)
            if state.is_completed():
                self.parent.provenance.track(state.data, self.id)

    def _record(self, change: StateChange) -> None:
        record = self.environment.recorder.record
        if self.change is not None:
            epoch = new_name = None
            if (assignment := self.assignment) is not None:
                epoch = assignment.epoch
                if self.name != assignment.name:
                    assignment.name = new_name = self.name
            record(FlowRunChanged(self.id, change, epoch, new_name))
        else:
            flow = self.flow
            expect(self.id, self.cancel)
            if self.parent is not None:
                self.parent.living[self] = None
            record(
                FlowRunCreated(
                    self.id,
                    clip_name(flow.name),
                    self.name,
                    change,
                    clip_name(flow.told_version) if flow.told_version else None,
                    recorded(self.arguments),
                    self.tags,
                    None if self.parent is None else self.parent.id,
                    None if self.parent_task_run is None else self.parent_task_run.id,
                )
            )
        self.change = change
