"""Time that passes only while somebody waits for it."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator

from headrace.context import Environment, get_environment, use_environment
from headrace.records import now_micros


class VirtualClock:
    """A clock on which headrace's own waiting takes no time.

    That is the delay before a retry, a pause's timeout, and what expires: cached results. What your
    functions do themselves, `time.sleep` too, takes as long as ever.

    Args:
        micros: the time it begins with, in microseconds since 1970-01-01 UTC; by default now.

    Attributes:
        slept: the seconds of each wait so far, in order.
    """

    def __init__(self, micros: int | None = None) -> None:
        self._micros = now_micros() if micros is None else micros
        self.slept: list[float] = []

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return self._micros

    def sleep(self, seconds: float) -> None:
        """Wait: the time is later by so much when this returns, which is at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait, in a coroutine; the waits of several coroutines pass side by side."""
        import asyncio

        end = self._micros + int(seconds * 1_000_000)
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self._micros = max(self._micros, end)

    def advance(self, by: datetime.timedelta | float) -> None:
        """Let time pass without anybody's waiting: a timedelta, or a number of seconds."""
        seconds = by.total_seconds() if isinstance(by, datetime.timedelta) else by
        self._micros += int(seconds * 1_000_000)


@contextlib.contextmanager
def virtual_time(micros: int | None = None) -> Iterator[VirtualClock]:
    """Let runs that start within, in any thread, go by a `VirtualClock`.

    Enter it within `headrace_test_harness()`, not around it: it keeps the ledger that it finds.

    Args:
        micros: the time to begin with, in microseconds since 1970-01-01 UTC; by default now.
    """
    own = get_environment()
    clock = VirtualClock(micros)
    with use_environment(Environment(own.settings, own.recorder, clock)):
        yield clock
