"""Time, as the loops see it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from headrace.records import now_micros


class Clock(Protocol):
    """Time, as the loops see it."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""


class SystemClock:
    """The time of the machine."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return now_micros()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
