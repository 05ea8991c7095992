"""What a returned value means for the state of a run, and what its crash means."""

from __future__ import annotations

from typing import Any

from headrace.context import LiveFlowRun, LiveRun
from headrace.exceptions import CancelledRun, CrashedRun
from headrace.futures import resolve_futures_to_states
from headrace.records import StateType
from headrace.states import Failed, State, is_state_iterable
from headrace.text import describe


def outcome_of(value: object, now: int) -> State[Any]:
    """The final state of a run that returned `value` at `now` (microseconds since 1970).

    A state that its code made itself is taken as it is. States of other runs, one or several in a
    list, tuple or set, all have to be completed. Any other value completes the run. Futures, also
    deeper within, become the states that they came to.
    """
    value = resolve_futures_to_states(value)
    if isinstance(value, State) and value.is_final() and not value.has_run:
        return State(value.type, value.name, value.message, value.data, now)
    if isinstance(value, State) and value.has_run:
        return _summary([value], value, now)
    if is_state_iterable(value):
        return _summary(list(value), value, now)
    return State(StateType.COMPLETED, "Completed", None, value, now)


def failure_of(run: LiveRun, error: Exception) -> State[Any]:
    """The final state of a run whose function raised `error`, or whose result cannot be kept."""
    # The two wordings differ by a colon: so Prefect's users know them.
    words = "Flow run encountered an exception:"
    if not isinstance(run, LiveFlowRun):
        words = "Task run encountered an exception"
    return Failed(f"{words} {type(error).__name__}: {describe(error)}", data=error)


def refuse_if_over(flow_run: LiveFlowRun) -> None:
    """See to it that no run begins within a flow run that has crashed, or is being cancelled.

    Its code may be going on in other threads, and nobody would record how such a run ends.

    Raises:
        CrashedRun: the flow run has crashed.
        CancelledRun: somebody wants it cancelled; this is the step at which it ends.
    """
    if flow_run.cancelling:
        raise CancelledRun(f"flow run '{flow_run.name}' was cancelled: nothing more runs within it")
    if flow_run.final is not None and flow_run.final.is_crashed():
        raise CrashedRun(f"flow run '{flow_run.name}' has crashed: nothing more can run within it")


def _summary(states: list[State[Any]], value: object, now: int) -> State[Any]:
    """The state that several states come to together; its data is the value that holds them."""
    from headrace.states import StateGroup  # few flows return states

    group = StateGroup(states)
    kind, message = StateType.FAILED, f"{group.fail_count}/{group.total_count} states failed."
    if group.all_completed():
        kind, message = StateType.COMPLETED, "All states completed."
    elif group.any_cancelled():
        kind = StateType.CANCELLED
        message = f"{group.cancelled_count}/{group.total_count} states cancelled."
    elif group.any_paused():
        message = f"{group.paused_count}/{group.total_count} states paused."
    elif not group.any_failed():
        message = f"{group.not_final_count}/{group.total_count} states are not final."
    return State(kind, None, message, value, now)
