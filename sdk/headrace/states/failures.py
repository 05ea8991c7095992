"""The exceptions of failed states, and the states that exceptions make."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any, TypeVar

from headrace.exceptions import TerminationSignal
from headrace.states.constructors import Crashed, Failed
from headrace.states.state import State, exception_of
from headrace.text import describe, describe_error
from headrace.utilities.asyncutils import dispatch

R = TypeVar("R")


async def aget_state_exception(state: State[Any]) -> BaseException:
    """The exception that ended a run in `state`.

    Raises:
        ValueError: the state is no failure.
        TypeError: its data is neither an exception, nor text, nor states.
    """
    return exception_of(state)


def get_state_exception(state: State[Any]) -> Any:
    """The same for any code; in asynchronous code it has to be awaited."""
    return dispatch(aget_state_exception(state))


async def araise_state_exception(state: State[Any]) -> None:
    """Raise the exception that ended a run in `state`, if that is a failure."""
    if state.is_failed() or state.is_crashed() or state.is_cancelled():
        raise exception_of(state)


def raise_state_exception(state: State[Any]) -> Any:
    """The same for any code; in asynchronous code it has to be awaited."""
    return dispatch(araise_state_exception(state))


async def get_state_result(state: State[R], raise_on_failure: bool = True) -> R:
    """What came of a run that is in `state`; see `State.result`."""
    return state.outcome(raise_on_failure)


def format_exception(exc: BaseException, tb: TracebackType | None = None) -> str:
    """An exception as text: its class and what it says, or with `tb` its whole traceback."""
    if tb is None:
        return describe_error(exc)
    return "".join(traceback.format_exception(type(exc), exc, tb))


def crash_reason(error: BaseException) -> str:
    """What is said of a run that ended by something other than an error of its function's."""
    if isinstance(error, TerminationSignal):
        return "Execution was aborted by a termination signal."
    if type(error).__name__ == "CancelledError":  # asyncio's and that of concurrent.futures
        return "Execution was cancelled by the runtime environment."
    if isinstance(error, KeyboardInterrupt):
        return "Execution was aborted by an interrupt signal."
    if isinstance(error, SystemExit):
        return "Execution was aborted by Python system exit call."
    return f"Execution was interrupted by an unexpected exception: {format_exception(error)}"


async def exception_to_crashed_state(exc: BaseException, result_store: object = None) -> State[Any]:
    """The state of a run that crashed by an exception.

    Args:
        exc: the exception.
        result_store: has no effect; programs written for Prefect may give it.
    """
    return Crashed(crash_reason(exc), data=exc)


async def exception_to_failed_state(
    exc: BaseException | None = None,
    result_store: object = None,
    write_result: bool = False,
    *,
    message: str | None = None,
    **options: Any,
) -> State[Any]:
    """The state of a run that an exception ended.

    Args:
        exc: the exception; by default the one that is being handled.
        result_store, write_result: have no effect; programs written for Prefect may give them.
        message: what to say before it.
        options: what else `Failed` takes.

    Raises:
        ValueError: none is being handled, and none is given.
    """
    error = exc or sys.exc_info()[1]
    if error is None:
        raise ValueError("Exception was not passed and no active exception could be found.")
    text = f"{type(error).__name__}: {describe(error)}"
    return Failed(f"{message} {text}" if message else text, data=error, **options)
