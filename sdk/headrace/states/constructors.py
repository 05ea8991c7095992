"""States by name, as users make and return them: `Failed(message="no such file")`."""

from __future__ import annotations

import datetime
from typing import Any, TypeVar

from headrace.records import StateType
from headrace.states.state import State

R = TypeVar("R")


def Scheduled(
    message: str | None = None,
    scheduled_time: datetime.datetime | None = None,
    *,
    name: str = "Scheduled",
    **options: Any,
) -> State[Any]:
    """The run is to start at `scheduled_time`; by default now.

    Raises:
        ValueError: the time is given twice, here and in `state_details`.
    """
    state: State[Any] = State(StateType.SCHEDULED, name, message, **options)
    if scheduled_time is not None:
        if options.get("state_details") and state.state_details.scheduled_time != state.timestamp:
            raise ValueError("An extra scheduled_time was provided in state_details")
        state.state_details.scheduled_time = scheduled_time
    return state


def Late(message: str | None = None, **options: Any) -> State[Any]:
    """The run was to start, and has not started."""
    return Scheduled(message, **{"name": "Late", **options})


def AwaitingRetry(message: str | None = None, **options: Any) -> State[Any]:
    """An attempt failed, and the next one starts after a delay."""
    return Scheduled(message, **{"name": "AwaitingRetry", **options})


def AwaitingConcurrencySlot(message: str | None = None, **options: Any) -> State[Any]:
    """The run starts once a concurrency limit has room for it."""
    return Scheduled(message, **{"name": "AwaitingConcurrencySlot", **options})


def Pending(message: str | None = None, name: str = "Pending", **options: Any) -> State[Any]:
    """The run is about to start."""
    return State(StateType.PENDING, name, message, **options)


def Running(message: str | None = None, name: str = "Running", **options: Any) -> State[Any]:
    """The run's code is running."""
    return State(StateType.RUNNING, name, message, **options)


def Retrying(message: str | None = None, **options: Any) -> State[Any]:
    """The run's code is running, not for the first time."""
    return State(StateType.RUNNING, "Retrying", message, **options)


def Paused(
    message: str | None = None,
    timeout_seconds: float | None = None,
    pause_expiration_time: datetime.datetime | None = None,
    reschedule: bool = False,
    pause_key: str | None = None,
    *,
    name: str = "Paused",
    **options: Any,
) -> State[Any]:
    """The run waits for somebody.

    Args:
        message: what there is to say about it.
        timeout_seconds: for how long it waits at most.
        pause_expiration_time: until when, in its place.
        reschedule: whether the run ends its process meanwhile.
        pause_key: what tells this pause from others of the run.

    Raises:
        ValueError: both a time and a number of seconds are given.
    """
    if pause_expiration_time is not None and timeout_seconds is not None:
        raise ValueError("Cannot supply both a pause_expiration_time and timeout_seconds")
    state: State[Any] = State(StateType.PAUSED, name, message, **options)
    details = state.state_details
    if timeout_seconds is not None:
        details.pause_timeout = state.timestamp + datetime.timedelta(seconds=timeout_seconds)
    elif pause_expiration_time is not None:
        details.pause_timeout = pause_expiration_time
    details.pause_reschedule = reschedule
    details.pause_key = pause_key
    return state


def Suspended(message: str | None = None, **options: Any) -> State[Any]:
    """The run waits for somebody, and its process has ended."""
    return Paused(message, **{"name": "Suspended", "reschedule": True, **options})


def Completed(
    message: str | None = None, data: R | None = None, name: str = "Completed", **options: Any
) -> State[R]:
    """The run ended well; `data` is its value."""
    return State(StateType.COMPLETED, name, message, data, **options)


def Cached(message: str | None = None, data: R | None = None, **options: Any) -> State[R]:
    """The run ended well without running: `data` is the value of an earlier run."""
    return State(StateType.COMPLETED, "Cached", message, data, **options)


def Failed(
    message: str | None = None, data: object = None, name: str = "Failed", **options: Any
) -> State[Any]:
    """The run's code failed; `data` is the exception, if there is one."""
    return State(StateType.FAILED, name, message, data, **options)


def TimedOut(message: str | None = None, data: object = None, **options: Any) -> State[Any]:
    """The run took longer than its `timeout_seconds`."""
    return State(StateType.FAILED, "TimedOut", message, data, **options)


def NotReady(message: str | None = None, data: object = None, **options: Any) -> State[Any]:
    """The run never starts: a run whose result it needs did not complete."""
    return State(StateType.PENDING, "NotReady", message, data, **options)


def Crashed(
    message: str | None = None, data: object = None, name: str = "Crashed", **options: Any
) -> State[Any]:
    """The run's process, or what it ran on, went away."""
    return State(StateType.CRASHED, name, message, data, **options)


def Cancelling(message: str | None = None, name: str = "Cancelling", **options: Any) -> State[Any]:
    """The run was asked to stop and has not stopped yet."""
    return State(StateType.CANCELLING, name, message, **options)


def Cancelled(
    message: str | None = None, data: object = None, name: str = "Cancelled", **options: Any
) -> State[Any]:
    """The run was stopped on request."""
    return State(StateType.CANCELLED, name, message, data, **options)
