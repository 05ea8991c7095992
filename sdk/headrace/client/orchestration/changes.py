"""Changes of runs' states: how they are asked for, and what programs are told became of them."""

from __future__ import annotations

from typing import Any

from headrace.client.schemas.responses import (
    OrchestrationResult,
    SetStateStatus,
    StateAbortDetails,
    StateAcceptDetails,
    StateRejectDetails,
)
from headrace.records import StateType
from headrace.states import State

#: The states of runs that somebody has begun, or that are to stop.
_NOT_TO_BEGIN = (
    StateType.PENDING,
    StateType.RUNNING,
    StateType.CANCELLING,
    StateType.CANCELLED,
)


def as_new(state: State[Any]) -> dict[str, Any]:
    """GraphQL's `NewState`."""
    return {"type": state.type.value, "name": state.name, "message": state.message}


def accepted(state: State[Any] | None) -> OrchestrationResult:
    """What is told of a run that has entered the state that was wanted."""
    return OrchestrationResult(
        state=state, status=SetStateStatus.ACCEPT, details=StateAcceptDetails()
    )


def refused(wanted: State[Any], current: State[Any] | None, reason: str) -> OrchestrationResult:
    """What is told of a run that has not, but is in `current`."""
    if wanted.is_pending() and current is not None and current.type in _NOT_TO_BEGIN:
        # Somebody else has begun the run, or stopped it: whoever meant to begin it is to let be.
        reason = f"This run is in a {current.type.value} state and cannot transition to a PENDING "
        aborted = StateAbortDetails(reason=f"{reason}state.")
        return OrchestrationResult(state=current, status=SetStateStatus.ABORT, details=aborted)
    if wanted.is_paused() and current is not None and not current.is_running():
        reason = "Cannot pause flows that are not currently running."
    rejected = StateRejectDetails(reason=reason)
    return OrchestrationResult(state=current, status=SetStateStatus.REJECT, details=rejected)
