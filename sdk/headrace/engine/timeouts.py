"""Limits of the time that a user's function may take.

A coroutine is cancelled. A function on the main thread is interrupted by an alarm signal, between
two steps of the interpreter. A function on another thread cannot be interrupted in time: it is
left to end, and counts as timed out then.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from types import FrameType
from typing import Protocol


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


@contextlib.contextmanager
def limit(call: Limited, seconds: float) -> Iterator[None]:
    """Raise Expired when what runs within takes longer than `seconds`."""
    start = time.monotonic()
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(call, seconds):
            yield
    else:
        yield
        call.expired = time.monotonic() - start > seconds
    if call.expired:
        # It was not interrupted, or somebody has swallowed that.
        raise Expired(call, seconds)


@contextlib.contextmanager
def _alarm(call: Limited, seconds: float) -> Iterator[None]:
    """The alarm clock of the process, with the outer one (of a flow around a task) kept going."""
    over = False

    def ring(signum: int, frame: FrameType | None) -> None:
        if not over:
            raise Expired(call, seconds)

    # The outer alarm is switched off first: it must not ring by our handler.
    outer_left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    start = time.monotonic()
    if outer_left and outer_left < seconds:
        # The outer limit ends first: its alarm stays, and its handler speaks.
        signal.setitimer(signal.ITIMER_REAL, outer_left)
        yield
        return
    outer_handler = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        # From here on the handler does nothing: the clock is put back undisturbed.
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer_handler)
        if outer_left:
            # At least a microsecond: zero would switch the outer alarm off.
            left = max(outer_left - (time.monotonic() - start), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left)


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
