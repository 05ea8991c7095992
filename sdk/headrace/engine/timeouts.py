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

from headrace.exceptions import RunTimedOut


class Limited(Protocol):
    """A call with a limit, which tells afterwards whether it was this limit that was exceeded."""

    expired: bool


@contextlib.contextmanager
def limit(call: Limited, seconds: float) -> Iterator[None]:
    """Raise RunTimedOut when what runs within takes longer than `seconds`."""
    on_main_thread = threading.current_thread() is threading.main_thread()
    if on_main_thread and hasattr(signal, "setitimer"):
        with _alarm(call, seconds):
            yield
        return
    start = time.monotonic()
    yield
    if time.monotonic() - start > seconds:
        raise _expire(call, seconds)


@contextlib.contextmanager
def _alarm(call: Limited, seconds: float) -> Iterator[None]:
    """The alarm clock of the process, with the outer one (of a flow around a task) kept going."""

    def ring(signum: int, frame: FrameType | None) -> None:
        raise _expire(call, seconds)

    start = time.monotonic()
    outer_handler = signal.signal(signal.SIGALRM, ring)
    outer_left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    if outer_left and outer_left < seconds:
        # The outer limit ends first: its alarm stays, and its handler speaks.
        signal.signal(signal.SIGALRM, outer_handler)
        signal.setitimer(signal.ITIMER_REAL, outer_left)
        yield
        return
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer_handler)
        if outer_left:
            # At least a microsecond: zero would switch the outer alarm off.
            left = max(outer_left - (time.monotonic() - start), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left)


@contextlib.asynccontextmanager
async def limit_async(call: Limited, seconds: float) -> AsyncIterator[None]:
    """Raise RunTimedOut when what is awaited within takes longer than `seconds`."""
    import asyncio

    scope = asyncio.timeout(seconds)
    try:
        async with scope:
            yield
    except TimeoutError:
        if scope.expired():
            raise _expire(call, seconds) from None
        raise


def _expire(call: Limited, seconds: float) -> RunTimedOut:
    call.expired = True
    return RunTimedOut(f"exceeded its timeout of {float(seconds)} seconds")
