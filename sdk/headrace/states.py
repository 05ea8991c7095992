"""States of runs: what a run is in now, with its message and, at its end, what came of it.

>>> str(Completed())
'Completed()'
>>> str(Failed(message="no such file"))
"Failed('no such file')"
>>> str(Cached())
'Cached(type=COMPLETED)'
"""

from __future__ import annotations

import datetime
from typing import Generic, TypeVar, cast

from headrace.exceptions import (
    CancelledRun,
    CrashedRun,
    FailedRun,
    HeadraceException,
    UnfinishedRun,
)
from headrace.records import TERMINAL_STATES, StateChange, StateType, now_micros
from headrace.text import MAX_NAME, clip, clip_name, describe

R = TypeVar("R", covariant=True)

_ERRORS: dict[StateType, type[HeadraceException]] = {
    StateType.FAILED: FailedRun,
    StateType.CRASHED: CrashedRun,
    StateType.CANCELLED: CancelledRun,
}


class State(Generic[R]):
    """A state of a run.

    Args:
        type: what kind of state this is.
        name: its name; by default, and in place of an empty one, the type's: "Completed".
        message: what there is to say about it.
        data: what came of the run: its value, or the exception that ended it.
        micros: when it was entered, in microseconds since 1970-01-01 UTC; by default now.
    """

    __slots__ = ("data", "message", "micros", "name", "type")

    def __init__(
        self,
        type: StateType,
        name: str | None = None,
        message: str | None = None,
        data: object = None,
        micros: int | None = None,
    ) -> None:
        self.type = type
        self.name = name or type.value.capitalize()
        # Users make states, too, and what they give as a message may be an exception.
        given: object = message
        self.message = message if given is None or isinstance(given, str) else describe(given)
        self.data = data
        self.micros = now_micros() if micros is None else micros

    @property
    def timestamp(self) -> datetime.datetime:
        """When the state was entered, in UTC."""
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        return epoch + datetime.timedelta(microseconds=self.micros)

    def result(self, raise_on_failure: bool = True) -> R:
        """What came of the run.

        Args:
            raise_on_failure: False hands the exception of a failed run back instead of raising it.

        Raises:
            BaseException: what the run raised, if it failed with an exception.
            FailedRun, CrashedRun, CancelledRun: it ended without a result for another reason.
            UnfinishedRun: it has not ended.
        """
        if self.type is StateType.COMPLETED:
            return cast(R, self.data)
        if self.type not in TERMINAL_STATES:
            cause = self.data if isinstance(self.data, BaseException) else None
            raise UnfinishedRun(
                f"Run is in {self.type.name} state, its result is not available."
            ) from cause
        error = self.error
        if raise_on_failure:
            raise error
        return cast(R, error)

    @property
    def error(self) -> BaseException:
        """The exception that stands for this state, when it is a failure.

        What ends a process (SystemExit and its like) is wrapped in a CrashedRun: asking for the
        result of such a run must not end the process that asks.
        """
        if isinstance(self.data, Exception):
            return self.data
        error = _ERRORS.get(self.type, FailedRun)(self.message or str(self))
        if isinstance(self.data, BaseException):
            error.__cause__ = self.data
        return error

    def as_change(self, run_count: int) -> StateChange:
        """The record of a run's entering this state, in attempt number `run_count`."""
        message = None if self.message is None else clip(self.message)
        name = self.name if len(self.name) <= MAX_NAME else clip_name(self.name)
        return StateChange(self.type, name, self.micros, message, run_count)

    def is_scheduled(self) -> bool:
        """Whether the run is to start at a time to come."""
        return self.type is StateType.SCHEDULED

    def is_pending(self) -> bool:
        """Whether the run is about to start."""
        return self.type is StateType.PENDING

    def is_running(self) -> bool:
        """Whether the run's code is running."""
        return self.type is StateType.RUNNING

    def is_paused(self) -> bool:
        """Whether the run waits for somebody."""
        return self.type is StateType.PAUSED

    def is_completed(self) -> bool:
        """Whether the run ended well."""
        return self.type is StateType.COMPLETED

    def is_failed(self) -> bool:
        """Whether the run's code failed."""
        return self.type is StateType.FAILED

    def is_crashed(self) -> bool:
        """Whether the run's process, or what it ran on, went away."""
        return self.type is StateType.CRASHED

    def is_cancelling(self) -> bool:
        """Whether the run was asked to stop and has not stopped yet."""
        return self.type is StateType.CANCELLING

    def is_cancelled(self) -> bool:
        """Whether the run was stopped on request."""
        return self.type is StateType.CANCELLED

    def is_final(self) -> bool:
        """Whether the run has ended for good."""
        return self.type in TERMINAL_STATES

    def __str__(self) -> str:
        parts = []
        if self.message:
            parts.append(repr(self.message))
        if self.name.lower() != self.type.value.lower():
            parts.append(f"type={self.type.value}")
        return f"{self.name}({', '.join(parts)})"

    def __repr__(self) -> str:
        return (
            f"{self.name}(message={self.message!r}, type={self.type.value}, result={self.data!r})"
        )


def Scheduled(message: str | None = None, name: str = "Scheduled") -> State[None]:
    """The run is to start at a time to come."""
    return State(StateType.SCHEDULED, name, message)


def AwaitingRetry(message: str | None = None) -> State[None]:
    """An attempt failed, and the next one starts after a delay."""
    return State(StateType.SCHEDULED, "AwaitingRetry", message)


def Pending(message: str | None = None, name: str = "Pending") -> State[None]:
    """The run is about to start."""
    return State(StateType.PENDING, name, message)


def Running(message: str | None = None, name: str = "Running") -> State[None]:
    """The run's code is running."""
    return State(StateType.RUNNING, name, message)


def Retrying(message: str | None = None) -> State[None]:
    """The run's code is running, not for the first time."""
    return State(StateType.RUNNING, "Retrying", message)


def Paused(message: str | None = None, name: str = "Paused") -> State[None]:
    """The run waits for somebody."""
    return State(StateType.PAUSED, name, message)


def Completed(
    message: str | None = None, data: R | None = None, name: str = "Completed"
) -> State[R]:
    """The run ended well; `data` is its value."""
    return State(StateType.COMPLETED, name, message, data)


def Cached(message: str | None = None, data: R | None = None) -> State[R]:
    """The run ended well without running: `data` is the value of an earlier run."""
    return State(StateType.COMPLETED, "Cached", message, data)


def Failed(message: str | None = None, data: object = None, name: str = "Failed") -> State[None]:
    """The run's code failed; `data` is the exception, if there is one."""
    return State(StateType.FAILED, name, message, data)


def TimedOut(message: str | None = None, data: object = None) -> State[None]:
    """The run took longer than its `timeout_seconds`."""
    return State(StateType.FAILED, "TimedOut", message, data)


def NotReady(message: str | None = None, data: object = None) -> State[None]:
    """The run never starts: a run whose result it needs did not complete."""
    return State(StateType.PENDING, "NotReady", message, data)


def Crashed(message: str | None = None, data: object = None) -> State[None]:
    """The run's process, or what it ran on, went away."""
    return State(StateType.CRASHED, "Crashed", message, data)


def Cancelling(message: str | None = None) -> State[None]:
    """The run was asked to stop and has not stopped yet."""
    return State(StateType.CANCELLING, "Cancelling", message)


def Cancelled(message: str | None = None, data: object = None) -> State[None]:
    """The run was stopped on request."""
    return State(StateType.CANCELLED, "Cancelled", message, data)
