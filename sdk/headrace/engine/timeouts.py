"""Limits of the time that a user's function may take.

A coroutine is cancelled. A function on the main thread is interrupted by an alarm signal, between
two steps of the interpreter. On any other thread it is called in a thread of its own, in which an
exception is raised; if it does not end by that, being blocked outside of the interpreter, it is
left to itself. See docs/timeouts-and-cancellation.md.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Protocol

from headrace.context import CURRENT_RUN
from headrace.logging import log_line
from headrace.threads import Interrupted, ThreadCall

#: Seconds after which an alarm rings again: one that rings just before the interpreter falls asleep
#: in a system call does not wake it.
_AGAIN = 0.5


class Limited(Protocol):
    """A call with a limit, which tells afterwards whether it was this limit that was exceeded."""

    expired: bool


class Expired(BaseException):
    """The time of `call` is over; `call` itself turns it into its `failure`.

    Not an `Exception`: the alarm of a flow rings within its tasks, where neither the user's
    `except Exception` nor the retries of the task may take it for an error of theirs.
    """

    def __init__(self, call: Limited, seconds: float) -> None:
        call.expired = True
        super().__init__(f"exceeded timeout of {seconds} second(s)")
        self.call = call


def call_within(call: Limited, function: Callable[[], object], seconds: float) -> object:
    """What `function` returns.

    Raises:
        Expired: it took longer than `seconds`.
        BaseException: what it raised.
    """
    if threading.current_thread() is not threading.main_thread():
        return _call_in_thread(call, function, seconds)
    with alarm(call, seconds):
        value = function()
    if call.expired:  # somebody has swallowed that
        raise Expired(call, seconds)
    return value


def _call_in_thread(call: Limited, function: Callable[[], object], seconds: float) -> object:
    def expire(self: Expired) -> None:
        Expired.__init__(self, call, seconds)

    # What is raised in another thread has to be a class that needs no arguments.
    expired = type("Expired", (Expired,), {"__init__": expire})
    thread = ThreadCall(function)
    try:
        if not thread.wait(seconds):
            call.expired = True
            if not thread.interrupt(expired):
                _tell_that_it_goes_on()
    except BaseException:  # this thread is interrupted itself, by a limit around this one
        thread.interrupt(Interrupted)
        raise
    if thread.error is not None and (
        not call.expired or isinstance(thread.error, Exception | Expired)
    ):
        raise thread.error
    if call.expired:  # it goes on, or has swallowed the interruption
        raise Expired(call, seconds)
    return thread.value


def _tell_that_it_goes_on() -> None:
    run = CURRENT_RUN.get()
    if run is not None:
        message = "Its time is over, but its function cannot be interrupted and may go on"
        log_line(run, logging.WARNING, message, run.environment.clock.now())


@contextlib.contextmanager
def alarm(call: Limited, seconds: float) -> Iterator[None]:
    """The alarm clock of the process, with the outer one (of a flow around a task) kept going."""
    over = False

    def ring(signum: int, frame: FrameType | None) -> None:
        if not over and not call.expired:
            raise Expired(call, seconds)

    # The outer alarm is switched off first: it must not ring by our handler.
    outer_left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    start = time.monotonic()
    if outer_left and outer_left < seconds:
        # The outer limit ends first: its alarm stays, and its handler speaks.
        signal.setitimer(signal.ITIMER_REAL, outer_left, _AGAIN)
        yield
        return
    outer_handler = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        yield
    finally:
        # From here on the handler does nothing: the clock is put back undisturbed.
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer_handler)
        if outer_left:
            # At least a microsecond: zero would switch the outer alarm off.
            left = max(outer_left - (time.monotonic() - start), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN)


@contextlib.asynccontextmanager
async def limit_async(call: Limited, seconds: float) -> AsyncIterator[None]:
    """Raise Expired when what is awaited within takes longer than `seconds`."""
    import asyncio

    scope = asyncio.timeout(seconds)
    try:
        async with scope:
            yield
    except TimeoutError:
        if not scope.expired():
            raise
    finally:
        call.expired = scope.expired()
    if call.expired:
        raise Expired(call, seconds)
