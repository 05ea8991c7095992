"""Retention: what is older than it is to be kept is deleted, a little at a time.

Between two transactions it rests for longer than the one took, so that whoever records finds the
writer free. It does not matter how many do this on one ledger.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from headrace_service.ledger import Ledger
from headrace_service.ledger.keep import Keep
from headrace_service.ledger.retention import (
    SWEEPS,
    Place,
    Progress,
    Sweep,
    moment,
    note_swept,
    progress,
)
from headrace_service.loops.clock import Clock, SystemClock
from headrace_service.loops.rounds import go_round
from headrace_service.measures import Rounds

logger = logging.getLogger("headrace_service.loops")

#: Seconds of rest after a transaction: at least so many, and so many times as long as it took.
REST, TIMES = 0.01, 3


class Retention:
    """Deletes what is older than it is to be kept, every `interval` seconds.

    Args:
        ledger: gives the ledger.
        interval: seconds.
        clock: the time.
        keep: how long things are kept; by default as the ledger says.
        rounds: where its rounds are counted.
    """

    def __init__(
        self,
        ledger: Callable[[], Ledger],
        interval: float,
        clock: Clock | None = None,
        *,
        keep: Keep | None = None,
        rounds: Rounds | None = None,
    ) -> None:
        self._ledger = ledger
        self._interval = interval
        self._clock = clock or SystemClock()
        self._keep = keep
        self._rounds = rounds or Rounds()

    async def run(self) -> None:
        """Go on until cancelled; what the ledger cannot do now is tried again."""

        async def step() -> float:
            await self.step()
            return self._interval

        await go_round("retention", step, self._clock, self._rounds)

    async def step(self, told: Callable[[str, int], None] | None = None) -> Counter[str]:
        """Delete all that is due; answers how many rows of each kind.

        Args:
            told: called with a kind and how many rows of it are gone so far, now and then.
        """
        before = await self._deleted()
        for sweep in SWEEPS:
            if sweep.days(self._kept) > 0:
                await self._sweep(sweep, before, told)
        gone = await self._deleted() - before
        if gone:
            logger.info("retention deleted %s", ", ".join(f"{n} × {k}" for k, n in gone.items()))
        return gone

    async def _sweep(
        self, sweep: Sweep, before: Counter[str], told: Callable[[str, int], None] | None
    ) -> None:
        limit = moment(sweep.days(self._kept), self._clock.now())
        for verb in sweep.verbs:
            place: Place | None = Place()
            while place is not None:
                began = self._clock.now()
                place = await self._ledger().awrite(verb, limit, place)
                took = (self._clock.now() - began) / 1_000_000
                await self._clock.sleep(max(REST, took * TIMES))
                if told is not None:
                    told(sweep.kind, (await self._deleted() - before)[sweep.kind])
        await self._ledger().awrite(note_swept, sweep.kind, self._clock.now())

    @property
    def _kept(self) -> Keep:
        return self._keep or self._ledger().keep

    async def _deleted(self) -> Counter[str]:
        rows: list[Progress] = await self._ledger().aread(progress, self._kept)
        return Counter({row.kind: row.deleted for row in rows})
