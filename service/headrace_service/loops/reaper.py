"""The reaper: runs whose process has ended without a word are ended for it.

So are suspended ones that nobody has resumed in time.

It does not matter how many reapers look at one ledger.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from headrace_service.ledger import Ledger
from headrace_service.ledger.concurrency import (
    has_lapsed,
    lengthen,
    processes_of_slots,
    sweep,
)
from headrace_service.ledger.flow_run_inputs import fail_overdue, overdue
from headrace_service.ledger.processes import Reaped, extend_leases, reap
from headrace_service.ledger.reaping import dead_processes, leases_of_the_dead, next_turn
from headrace_service.loops.clock import Clock, SystemClock
from headrace_service.loops.rests import Rests
from headrace_service.loops.rounds import Parts, go_round
from headrace_service.loops.stillness import Stillness

#: Seconds between two looks.
PAUSE = 1.0
#: Microseconds without a look after which all get time to be heard of again: the service was
#: stopped, or its machine was asleep.
ABSENCE = 5_000_000


class Reaper:
    """Looks after processes and slots for as long as `run` runs.

    Args:
        ledger: where they are recorded.
        clock: the time.
        spool: the folder in which this machine's processes leave what they could not deliver.
        hears_all: whether all processes are heard of here, as in the service; see `judge`.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock | None = None,
        *,
        spool: Path | None = None,
        hears_all: bool = True,
    ) -> None:
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._spool = spool or ledger.spool
        self._hears_all = hears_all
        self._rests = Rests()
        self._looked_at: int | None = None
        self._still = Stillness()
        self._rounds = ledger.measures.rounds("reaper")
        self._parts = Parts("reaper", self._rounds)

    async def run(self) -> None:
        """Go on until cancelled; what the ledger cannot do now is tried again."""

        async def step() -> float:
            await self.step()
            return PAUSE

        await go_round("reaper", step, self._clock, self._rounds)

    async def step(self) -> int:
        """Look once; how many runs were ended."""
        now, take = self._clock.now(), self._parts.take
        looked_at, self._looked_at = self._looked_at, now
        if self._hears_all and (looked_at is None or now - looked_at > ABSENCE):
            # Nobody is judged before all have got their time.
            await self._ledger.awrite(extend_leases, now)
        if looked_at is not None and now - looked_at > ABSENCE:
            await self._ledger.awrite(lengthen, looked_at, now)
        if self._still.lasts(self._ledger, now):
            return 0
        commits = self._ledger.commits()
        await take("take back slots whose lease is over", self._sweep(now), None)
        await take("end paused runs that nobody has resumed", self._end_overdue(now), None)
        await take("free slots of dead processes", self._free_slots(), None)
        ended = await take("end runs of dead processes", self._reap(now), 0)
        self._still.begin(self._ledger, commits, await self._ledger.aread(next_turn))
        return ended

    async def _sweep(self, now: int) -> None:
        if await self._ledger.aread(has_lapsed, now):
            await asyncio.wrap_future(self._ledger.slots.perform(lambda db, _: sweep(db, now)))

    async def _end_overdue(self, now: int) -> None:
        if await self._ledger.aread(overdue, now):
            await self._ledger.awrite(fail_overdue, now)

    async def _free_slots(self) -> None:
        if dead := leases_of_the_dead(await self._ledger.aread(processes_of_slots)):
            await asyncio.wrap_future(self._ledger.slots.release(*dead))

    async def _reap(self, now: int) -> int:
        ended = await self._ledger.aread(
            dead_processes,
            self._spool,
            now,
            hears_all=self._hears_all,
            resting=self._rests.resting(now),
        )
        if not ended:
            return 0
        reaping = self._ledger.slots.perform(lambda db, _: reap(db, ended, now))
        reaped: Reaped = await asyncio.wrap_future(reaping)
        self._rests.note([each.process.client_id for each in ended], reaped.failed, now)
        self._ledger.measures.reaped_runs += reaped.runs
        return reaped.runs
