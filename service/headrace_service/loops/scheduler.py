"""The scheduler: schedules fire when their time comes; runs that nobody takes are called Late; what
lapsed workers held is given back.

It looks at the ledger and not into a memory of its own, so that it does not matter how many run,
when one stops, or who else changes a schedule.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from headrace.liveness import Fate, fate
from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import (
    extend_workers,
    has_lapsed_workers,
    release_lapsed,
    workers_by_process,
)
from headrace_service.ledger.deployment_schedules import ScheduleRow
from headrace_service.ledger.firing import (
    FIRES,
    due_schedules,
    fire,
    firings,
    give_up_too_late,
    mark_late,
    next_fire,
    next_turn,
    overdue,
    too_late,
)
from headrace_service.ledger.set_back import follow_back
from headrace_service.loops.clock import Clock, SystemClock
from headrace_service.loops.rests import Rests
from headrace_service.loops.rounds import Parts, go_round
from headrace_service.loops.stillness import Stillness
from headrace_service.measures import Rounds

logger = logging.getLogger("headrace_service.loops")

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
        self._parts = Parts("scheduler", self._rounds)
        self._rests = Rests()
        self._looked_at: int | None = None
        self._still = Stillness()

    async def run(self) -> None:
        """Go on until cancelled; what the ledger cannot do now is tried again."""
        await go_round("scheduler", self.step, self._clock, self._rounds)

    async def step(self) -> float:
        """Do what is due. Returns after how many seconds to look again."""
        ledger, now = self._ledger(), self._clock.now()
        looked_at, self._looked_at = self._looked_at, now
        if looked_at is None or now - looked_at > ABSENCE:
            await ledger.awrite(extend_workers, now + PATIENCE)
        elif looked_at - now > ABSENCE:  # by so much, the clock was set back
            logger.warning("The clock was set back by %d s", (looked_at - now) // 1_000_000)
            await ledger.awrite(follow_back, now, PATIENCE)
        if self._still.lasts(ledger, now):
            return self._still.seconds(now, LOOK_AGAIN)
        commits = ledger.commits()
        coming = await ledger.aread(next_fire)
        take = self._parts.take
        if coming is not None and coming <= now:
            coming = await take("let schedules fire", self._fire(ledger, now), None)
        await take("give back claims", self._release(ledger, now), None)
        await take("call runs late", self._mark_late(ledger, now), None)
        await take("cancel runs that are too late", self._give_up(ledger, now), None)
        self._still.begin(ledger, commits, await ledger.aread(next_turn, LATE))
        if coming is None:
            return LOOK_AGAIN
        return min(max(0, coming - self._clock.now()) / 1_000_000, LOOK_AGAIN)

    async def _fire(self, ledger: Ledger, now: int) -> int | None:
        """Let some of those fire that are due. Returns when the next ones are."""
        due, there_may_be_more = await self._ready(ledger, now)
        # Neither who records nor who reads is to wait for a rule that takes long to count.
        done = await ledger.awrite(fire, await asyncio.to_thread(firings, due, now)) if due else []
        tried = [each.id for each in due]
        self._rests.note(tried, set(tried).difference(done), now)
        return now if there_may_be_more else await ledger.aread(next_fire, now)

    async def _ready(self, ledger: Ledger, now: int) -> tuple[list[ScheduleRow], bool]:
        """The first of those that are due and do not rest, and whether there may be more."""
        last: ScheduleRow | None = None
        resting = self._rests.resting(now)
        while due := await ledger.aread(due_schedules, now, last):
            if ready := [each for each in due if each.id not in resting]:
                return ready, len(due) == FIRES
            last = due[-1]
        return [], False

    async def _release(self, ledger: Ledger, now: int) -> None:
        known = await ledger.aread(workers_by_process)
        ended = [key for key, process in known if fate(process) is Fate.ENDED]
        lapsed = await ledger.aread(has_lapsed_workers, now)
        if ended or lapsed:
            await ledger.awrite(release_lapsed, now, ended)

    async def _mark_late(self, ledger: Ledger, now: int) -> None:
        if await ledger.aread(overdue, now - LATE):
            await ledger.awrite(mark_late, now - LATE)

    async def _give_up(self, ledger: Ledger, now: int) -> None:
        if await ledger.aread(too_late, now):
            await ledger.awrite(give_up_too_late, now)
