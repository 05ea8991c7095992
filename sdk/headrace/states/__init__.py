"""States of runs: what a run is in now, with its message and, at its end, what came of it.

>>> str(Completed())
'Completed()'
>>> str(Failed(message="no such file"))
"Failed('no such file')"
>>> str(Cached())
'Cached(type=COMPLETED)'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.lazy import attributes
from headrace.records import TERMINAL_STATES, StateType
from headrace.states.constructors import (
    AwaitingConcurrencySlot,
    AwaitingRetry,
    Cached,
    Cancelled,
    Cancelling,
    Completed,
    Crashed,
    Failed,
    Late,
    NotReady,
    Paused,
    Pending,
    Retrying,
    Running,
    Scheduled,
    Suspended,
    TimedOut,
)
from headrace.states.state import State, StateDetails, is_state_iterable

if TYPE_CHECKING:
    from headrace.states.failures import aget_state_exception as aget_state_exception
    from headrace.states.failures import araise_state_exception as araise_state_exception
    from headrace.states.failures import exception_to_crashed_state as exception_to_crashed_state
    from headrace.states.failures import exception_to_failed_state as exception_to_failed_state
    from headrace.states.failures import format_exception as format_exception
    from headrace.states.failures import get_state_exception as get_state_exception
    from headrace.states.failures import get_state_result as get_state_result
    from headrace.states.failures import raise_state_exception as raise_state_exception
    from headrace.states.groups import StateGroup as StateGroup
    from headrace.states.returned import return_value_to_state as return_value_to_state
    from headrace.states.returned import to_state_create as to_state_create

#: What few programs ask for, and where it is.
_HOMES = {
    "StateGroup": "groups",
    "aget_state_exception": "failures",
    "araise_state_exception": "failures",
    "exception_to_crashed_state": "failures",
    "exception_to_failed_state": "failures",
    "format_exception": "failures",
    "get_state_exception": "failures",
    "get_state_result": "failures",
    "raise_state_exception": "failures",
    "return_value_to_state": "returned",
    "to_state_create": "returned",
}

__all__ = [
    "TERMINAL_STATES",
    "AwaitingConcurrencySlot",
    "AwaitingRetry",
    "Cached",
    "Cancelled",
    "Cancelling",
    "Completed",
    "Crashed",
    "Failed",
    "Late",
    "NotReady",
    "Paused",
    "Pending",
    "Retrying",
    "Running",
    "Scheduled",
    "State",
    "StateDetails",
    "StateGroup",
    "StateType",
    "Suspended",
    "TimedOut",
    "aget_state_exception",
    "araise_state_exception",
    "exception_to_crashed_state",
    "exception_to_failed_state",
    "format_exception",
    "get_state_exception",
    "get_state_result",
    "is_state_iterable",
    "raise_state_exception",
    "return_value_to_state",
    "to_state_create",
]

__getattr__ = attributes(__name__, _HOMES)
