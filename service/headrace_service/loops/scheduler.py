"""The scheduler: schedules fire when their time comes; runs that nobody takes are called Late; what
lapsed workers held is given back.

It looks at the ledger and not into a memory of its own, so that it does not matter how many run,
when one stops, or who else changes a schedule.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from headrace.records import now_micros
from headrace_service.ledger import Ledger, LedgerError
from headrace_service.ledger.claims import extend_workers, has_lapsed_workers, release_lapsed
from headrace_service.ledger.firing import fire_due, mark_late, next_fire, overdue

logger = logging.getLogger("headrace_service.loops")

#: Microseconds without a look after which workers get time to be heard of again, since the service
#: was stopped or its machine asleep; and how much they get.
ABSENCE, PATIENCE = 5_000_000, 30_000_000
#: Microseconds after which a run that is due and not begun is called Late.
LATE = 15_000_000
#: Seconds after which it looks again, at most: another process may have added a schedule.
LOOK_AGAIN = 1.0


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


class Scheduler:
    """Fires schedules on the ledger that `ledger` gives, for as long as `run` runs."""

    def __init__(self, ledger: Callable[[], Ledger], clock: Clock | None = None) -> None:
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._looked_at: int | None = None

    async def run(self) -> None:
        """Go on until cancelled; what the ledger cannot do now is tried again."""
        while True:
            try:
                pause = await self.step()
            except LedgerError as error:
                logger.warning("schedules wait: %s", error)
                pause = LOOK_AGAIN
            await self._clock.sleep(pause)

    async def step(self) -> float:
        """Do what is due. Returns after how many seconds to look again."""
        ledger, now = self._ledger(), self._clock.now()
        looked_at, self._looked_at = self._looked_at, now
        if looked_at is None or now - looked_at > ABSENCE:
            await ledger.awrite(extend_workers, now + PATIENCE)
        if await ledger.aread(has_lapsed_workers, now):
            await ledger.awrite(release_lapsed, now)
        coming = await ledger.aread(next_fire)
        if await ledger.aread(overdue, now - LATE):
            await ledger.awrite(mark_late, now - LATE)
        if coming is not None and coming <= now:
            coming = await ledger.awrite(fire_due, now)
        if coming is None:
            return LOOK_AGAIN
        return min(max(0, coming - self._clock.now()) / 1_000_000, LOOK_AGAIN)
