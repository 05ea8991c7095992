"""What a returned value means for the state of a run, and what its crash means."""

from __future__ import annotations

from typing import Any

from headrace.context import LiveFlowRun, LiveRun
from headrace.exceptions import CancelledRun, CrashedRun
from headrace.futures import resolve_futures_to_states
from headrace.states import Failed, State
from headrace.states.returned import state_of
from headrace.text import describe


def outcome_of(value: object, now: int) -> State[Any]:
    """The final state of a run that returned `value` at `now` (microseconds since 1970).

    A state that its code made itself is taken as it is. States of other runs, one or several in a
    list, tuple or set, all have to be completed. Any other value completes the run. Futures, also
    deeper within, become the states that they came to.
    """
    return state_of(resolve_futures_to_states(value), now)


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
