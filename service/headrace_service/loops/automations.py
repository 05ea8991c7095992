"""The loop of automations: it reads what has happened, and the clock, and lets them act.

Where it stands is in the ledger, and moves in the transaction that acts; see
`headrace_service.ledger.automation_firing`. It does not matter how many run.
"""

from __future__ import annotations

from collections.abc import Callable

from headrace_service.ledger import Ledger
from headrace_service.ledger.automation_firing import Look, look, take, wake
from headrace_service.ledger.deletion import go_on_deleting, unfinished_deletions
from headrace_service.loops.clock import Clock, SystemClock
from headrace_service.loops.rounds import go_round
from headrace_service.loops.stillness import Stillness
from headrace_service.measures import Rounds

#: Seconds between two looks, while there are automations and while there are none.
PAUSE, LOOK_AGAIN = 0.25, 1.0
#: Events that are taken in one transaction, at most.
TOGETHER = 50


class Automations:
    """Lets the automations of the ledger that `ledger` gives act, for as long as `run` runs."""

    def __init__(
        self,
        ledger: Callable[[], Ledger],
        clock: Clock | None = None,
        rounds: Rounds | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._rounds = rounds or Rounds()
        #: Up to here nothing is left that matters; what is in the ledger may be behind.
        self._seen = 0
        self._still = Stillness()
        self._pause = PAUSE

    async def run(self) -> None:
        """Go on until cancelled; what the ledger cannot do now is tried again."""
        await go_round("automations", self.step, self._clock, self._rounds)

    async def step(self) -> float:
        """Do what is due. Returns after how many seconds to look again."""
        ledger, fired = self._ledger(), 0
        if self._still.lasts(ledger, self._clock.now()):
            return self._pause
        while True:
            now, commits = self._clock.now(), ledger.commits()
            seen = await ledger.aread(look, self._seen)
            if seen is None:
                self._still.begin(ledger, commits, None)
                self._pause = LOOK_AGAIN
                return self._pause
            if seen.events or seen.skipped:
                fired += await self._take(ledger, seen, now)
            if self._seen == seen.upto:
                break
            self._seen = seen.upto
        if seen.due is not None and seen.due <= now:
            fired += await ledger.awrite(wake, now)
        if fired:
            await self._finish_deletions(ledger)
        self._still.begin(ledger, commits, seen.due)
        self._pause = PAUSE
        return self._pause

    async def _take(self, ledger: Ledger, seen: Look, now: int) -> int:
        """Let automations see what has happened, some of it at a time: others wait to write."""
        fired = 0
        portions = [seen.events[n : n + TOGETHER] for n in range(0, len(seen.events), TOGETHER)]
        for portion in portions[:-1]:
            fired += await ledger.awrite(take, portion, portion[-1].seq, now)
        last = portions[-1] if portions else []
        return fired + await ledger.awrite(take, last, seen.upto, now)

    async def _finish_deletions(self, ledger: Ledger) -> None:
        """What hangs on flow runs that were deleted goes a little at a time."""
        for run_id in await ledger.aread(unfinished_deletions):
            while await ledger.awrite(go_on_deleting, run_id):
                pass
