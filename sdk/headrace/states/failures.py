"""The exceptions of failed states, and the states that exceptions make."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

from headrace.states.constructors import Failed
from headrace.states.state import State, exception_of
from headrace.text import describe
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
