"""The life of a run, of a flow or of a task, from its creation to its end: written once.

    created ─► (waits, cached?) ─► attempt ─► Completed
                                    │   ▲
                            raises  ▼   │ delay
                                  retries left? ─no─► Failed

It is a generator that yields what takes time (`commands`) and is given back what came of it, so
that the two `drivers` can run it in a thread or in a coroutine.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any, ClassVar, Protocol, cast

from headrace.clipping import clip
from headrace.context import CURRENT_RUN, Clock, LiveFlowRun, LiveRun
from headrace.drivers import Either, Lifecycle
from headrace.engine.commands import Call
from headrace.engine.outcomes import failure_of
from headrace.engine.timeouts import Expired
from headrace.exceptions import Pause, ProcessDied
from headrace.logging import log_line, logger_of
from headrace.records import StateType
from headrace.states import Crashed, State, TimedOut
from headrace.text import describe_error
from headrace.threads import Interrupted
from headrace.tracebacks import hide_ours


class Run(Protocol):
    """What differs between the runs of flows and of tasks: `FlowRun` and `TaskRun`."""

    kind: ClassVar[str]
    #: What its state is called in a second attempt; and whether it is AwaitingRetry before, also
    #: where there is nothing to wait for. They are Prefect's, in which flows and tasks differ.
    again: ClassVar[str]
    waits_always: ClassVar[bool]
    run_count: int
    retries: int
    final: State[Any] | None
    closed: bool
    clock: Clock

    def open(self) -> Lifecycle[State[Any] | None] | None:
        """Create the run, and see whether it can start; a state given back is its end already."""

    def enter(self, type: StateType, name: str, message: str | None = None) -> None:
        """Record that the run enters a state that is not its last."""

    def begin_attempt(self) -> Lifecycle[State[Any] | None] | None:
        """Get ready for an attempt; a state given back is the end already."""

    def undo_attempt(self, error: BaseException) -> Lifecycle[object] | None:
        """Undo what an attempt did that raised `error`."""

    def announce(self) -> Lifecycle[None] | None:
        """Tell those who want to know that an attempt begins."""

    def make_call(self) -> Call:
        """The call of the user's function."""

    def gather(self, stop: bool) -> Lifecycle[None] | None:
        """After the call: wait for what it started, or `stop` it; give back slots that it held."""

    def suspend(self) -> Lifecycle[None] | None:
        """Leave the run to another process, if it can be: it has not ended, and is closed here."""

    def judge(self, value: object) -> State[Any]:
        """The state that a returned value means."""

    def may_retry(self, failure: Exception | State[Any]) -> Lifecycle[bool] | None:
        """Ask whether a failure is to be tried again, if there is somebody to ask; else it is."""

    def retry_delay(self, retry: int) -> float:
        """How many seconds to wait before retry number `retry`, counted from 1."""

    def close(self, state: State[Any]) -> Lifecycle[State[Any]] | None:
        """Record the run's end, and give back the state that it ended in.

        That is another one than `state` where a result has to be kept, and cannot be.
        """

    def crash(self, state: State[Any]) -> None:
        """Record that the run ends here and now, without waiting for anything."""


def lifecycle(run: Run) -> Lifecycle[State[Any]]:
    """Take `run` to its end and return its final state.

    What the user's function raises is in that state, to be raised again by whoever asks for the
    result. Only what is no `Exception`, and so is meant for the whole process or coroutine
    (KeyboardInterrupt, SystemExit, cancellation), is raised, once it is recorded. So is `Pause`:
    another process goes on with the run.
    """
    token = CURRENT_RUN.set(cast(LiveRun, run))
    try:
        steps = run.open()
        state = None if steps is None else (yield from steps)
        while state is None:
            beginning = run.begin_attempt()
            if beginning is not None and (state := (yield from beginning)) is not None:
                break
            run.run_count += 1
            run.enter(StateType.RUNNING, run.again if run.run_count > 1 else "Running")
            if (announcing := run.announce()) is not None:
                yield from announcing
            call = run.make_call()
            failure, value = None, None
            try:
                value = yield call
            except (Exception, Pause) as error:
                failure = error
            if (gathering := run.gather(call.expired)) is not None:
                yield from gathering
            if failure is None:
                state = run.judge(value)
            if failure is not None or (run.retries and state is not None and state.is_failed()):
                state = yield from _after_failure(run, call, failure or cast(State[Any], state))
                if state is None and run.closed:  # its flow run crashed while it waited
                    state = run.final
        if (closing := run.close(state)) is not None:
            state = yield from closing
        return state
    except BaseException as error:
        if not run.closed:
            run.crash(_crash_state(run, error))
        raise
    finally:
        # A coroutine that was dropped is closed in a context that is not its own.
        with contextlib.suppress(ValueError):
            CURRENT_RUN.reset(token)


def _after_failure(
    run: Run, call: Call, failure: Exception | Pause | State[Any]
) -> Lifecycle[State[Any] | None]:
    """The run's final state, or None once it is time for the next attempt.

    Args:
        failure: what the user's function raised, or the failed state that it returned.

    Raises:
        Pause: it is no failure, but asks for the run to be suspended, which is recorded.
    """
    if isinstance(failure, Pause):
        if (suspending := run.suspend()) is not None:
            yield from suspending
        raise failure
    if isinstance(failure, Exception):
        yield from _undo(run, failure)
        hide_ours(failure)
    if run.run_count <= run.retries and not run.closed and (yield from _may_retry(run, failure)):
        if isinstance(failure, State):
            yield from _undo(run, failure.error)
        yield from _await_retry(run, failure)
        return None
    return failure if isinstance(failure, State) else _failed(run, call, failure)


def _undo(run: Run, error: BaseException) -> Lifecycle[None]:
    if (undoing := run.undo_attempt(error)) is not None:
        yield from undoing


def _may_retry(run: Run, failure: Exception | State[Any]) -> Lifecycle[bool]:
    asking = run.may_retry(failure)
    return True if asking is None else (yield from asking)


def _await_retry(run: Run, failure: Exception | State[Any]) -> Lifecycle[None]:
    """Let the delay before the next attempt pass."""
    context = cast(LiveRun, run)
    delay = float(run.retry_delay(run.run_count))
    reason = str(failure) if isinstance(failure, State) else describe_error(failure)
    attempts = run.retries + 1
    now = run.clock.now()
    log_line(context, logging.WARNING, f"Attempt {run.run_count} of {attempts}: {reason}", now)
    log_line(context, logging.INFO, f"Retrying in {delay} seconds...", now)
    if delay > 0 or run.waits_always:
        run.enter(StateType.SCHEDULED, "AwaitingRetry", clip(reason))
    if delay > 0:
        yield Either(run.clock.sleep, run.clock.sleep_async, delay)


def _failed(run: Run, call: Call, error: Exception) -> State[Any]:
    """The final state of a run whose function raised `error`."""
    context = cast(LiveRun, run)
    if call.expired:
        message = f"{run.kind} run exceeded timeout of {call.timeout} second(s)"
        return TimedOut(message, data=error)
    if isinstance(error, ProcessDied):
        return Crashed(f"{run.kind} run did not end by itself: {error}", data=error)
    if not run.closed:
        _log_traceback(context, error)
    if isinstance(error, TimeoutError):  # of the user's own, or of a run within
        return TimedOut(f"{run.kind} run failed due to timeout: {error!r}", data=error)
    return failure_of(context, error)


def _crash_state(run: Run, error: BaseException) -> State[Any]:
    if isinstance(error, Expired):
        reason = f"{run.kind} run did not end by itself: the run around it {error}"
    elif isinstance(error, Interrupted):
        reason = f"{run.kind} run did not end by itself: the flow run around it has ended"
    else:
        from headrace.states.failures import crash_reason

        reason = crash_reason(error)
    return Crashed(reason, data=error)


def _log_traceback(run: LiveRun, error: Exception) -> None:
    """Log an error with its traceback, unless the same one was logged by a run within this one."""
    flow_run = run.flow_run
    if flow_run is not None and flow_run.cancelling:
        return  # whatever it is, it comes of that
    mark = (type(error), id(error))
    if flow_run is None or flow_run.logged != mark:
        logger_of(run).error("Raised %s", describe_error(error), exc_info=error)
    outer = run.parent if isinstance(run, LiveFlowRun) else flow_run
    if outer is not None:
        outer.logged = mark
