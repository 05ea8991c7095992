"""The exceptions of failed states, and the states that exceptions make."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

from headrace.states.constructors import Failed
from headrace.states.state import State, exception_of
from headrace.text import describe
from headrace.utilities.asyncutils import dispatch

R = TypeVar("R")


def get_state_exception(state: State[Any]) -> Any:
    """The exception that ended a run in `state`; in asynchronous code, a coroutine that gives it.

    Raises:
        ValueError: the state is no failure.
        TypeError: its data is neither an exception, nor text, nor states.
    """

    async def get() -> BaseException:
        return exception_of(state)

    return dispatch(get())


def raise_state_exception(state: State[Any]) -> Any:
    """Raise the exception that ended a run in `state`, if that is a failure.

    In asynchronous code this is a coroutine to be awaited.
    """

    async def check() -> None:
        if state.is_failed() or state.is_crashed() or state.is_cancelled():
            raise exception_of(state)

    return dispatch(check())


async def get_state_result(state: State[R], raise_on_failure: bool = True) -> R:
    """What came of a run that is in `state`; see `State.result`."""
    return state.outcome(raise_on_failure)


async def exception_to_failed_state(
    exc: BaseException | None = None, *, message: str | None = None, **options: Any
) -> State[Any]:
    """The state of a run that an exception ended.

    Args:
        exc: the exception; by default the one that is being handled.
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
