"""What a flow's return value means for the state of its run, and what its crash means."""

from __future__ import annotations

from typing import Any

from headrace.context import FlowRunContext
from headrace.exceptions import CrashedRun
from headrace.futures import HeadraceFuture
from headrace.records import StateType
from headrace.states import State


def outcome_of(value: object, now: int) -> State[Any]:
    """The final state of a flow run that returned `value` at `now` (microseconds since 1970).

    A final state is taken as it is, and a future as the state it came to. Of several of them, in a
    list, tuple or set, all have to be completed. Any other value completes the run.
    """
    if isinstance(value, HeadraceFuture):
        state = value.state
        return _entered(state, now) if state.is_final() else _summary([state], value, now)
    if isinstance(value, State) and value.is_final():
        return _entered(value, now)
    if isinstance(value, list | tuple | set) and value:
        states = [item.state if isinstance(item, HeadraceFuture) else item for item in value]
        if all(isinstance(state, State) and _has_ended(state) for state in states):
            return _summary(states, value, now)
    return State(StateType.COMPLETED, "Completed", None, value, now)


def refuse_if_crashed(flow_run: FlowRunContext) -> None:
    """See to it that no run begins within a flow run that has crashed.

    Its code may be going on in other threads, and nobody would record how such a run ends.

    Raises:
        CrashedRun: the flow run has crashed.
    """
    if flow_run.final is not None and flow_run.final.is_crashed():
        raise CrashedRun(f"flow run '{flow_run.name}' has crashed: nothing more can run within it")


def _entered(state: State[Any], now: int) -> State[Any]:
    """The same state, entered by the flow run at `now`."""
    name = "Completed" if state.is_completed() else state.name
    return State(state.type, name, state.message, state.data, now)


def _summary(states: list[Any], value: object, now: int) -> State[Any]:
    bad = [state for state in states if not state.is_completed()]
    if not bad:
        return State(StateType.COMPLETED, "Completed", "All states completed.", value, now)
    failed = [state for state in bad if state.is_final()]
    if failed:
        message = f"{len(failed)}/{len(states)} states failed."
    else:
        message = f"{len(bad)}/{len(states)} states are not final."
    return State(StateType.FAILED, "Failed", message, (failed or bad)[0].error, now)


def _has_ended(state: State[Any]) -> bool:
    return state.is_final() or state.name == "NotReady"
