"""The scheduler: schedules fire when their time comes; runs that nobody takes are called Late; what
lapsed workers held is given back.

It looks at the ledger and not into a memory of its own, so that it does not matter how many run,
when one stops, or who else changes a schedule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import extend_workers, has_lapsed_workers, release_lapsed
from headrace_service.ledger.firing import (
    due_schedules,
    fire,
    firings,
    give_up_too_late,
    mark_late,
    next_fire,
    overdue,
    too_late,
)
from headrace_service.loops.clock import Clock, SystemClock
from headrace_service.loops.rounds import go_round
from headrace_service.measures import Rounds

#: Microseconds without a look after which workers get time to be heard of again, since the service
#: was stopped or its machine asleep; and how much they get.
ABSENCE, PATIENCE = 5_000_000, 30_000_000
#: Microseconds after which a run that is due and not begun is called Late.
LATE = 15_000_000
#: Seconds after which it looks again, at most: another process may have added a schedule.
LOOK_AGAIN = 1.0


class Scheduler:
    """Fires schedules on the ledger that `ledger` gives, for as long as `run` runs."""

    def __init__(
        self,
        ledger: Callable[[], Ledger],
        clock: Clock | None = None,
        rounds: Rounds | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._rounds = rounds or Rounds()
        self._looked_at: int | None = None

    async def run(self) -> None:
        """Go on until cancelled; what the ledger cannot do now is tried again."""
        await go_round("scheduler", self.step, self._clock, self._rounds)

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
        if await ledger.aread(too_late, now):
            await ledger.awrite(give_up_too_late, now)
        if coming is not None and coming <= now:
            due = await ledger.aread(due_schedules, now)
            # Neither who records nor who reads is to wait for a rule that takes long to count.
            coming = await ledger.awrite(fire, await asyncio.to_thread(firings, due, now))
        if coming is None:
            return LOOK_AGAIN
        return min(max(0, coming - self._clock.now()) / 1_000_000, LOOK_AGAIN)
