"""What fails rests before it is tried again, longer each time: nothing behind it has to wait."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

#: Microseconds for which it rests the first time, and at most.
FIRST, MOST = 2_000_000, 300_000_000
#: Failures that are remembered, at most.
REMEMBERED = 10_000


class Rests:
    """Knows what has failed, and until when it rests. Times are in microseconds."""

    def __init__(self) -> None:
        #: When each failed last, and how long it rests since.
        self._resting: dict[UUID, tuple[int, int]] = {}

    def resting(self, now: int) -> set[UUID]:
        """What rests. A clock that was set back ends a rest."""
        return {
            key
            for key, (failed_at, rest) in self._resting.items()
            if failed_at <= now < failed_at + rest
        }

    def note(self, tried: Collection[UUID], failed: Collection[UUID], now: int) -> None:
        """What was tried now, and what of it has failed, and rests."""
        for key in tried:
            _, rest = self._resting.pop(key, (now, 0))
            if key in failed:
                self._resting[key] = now, min(2 * rest, MOST) or FIRST
        while len(self._resting) > REMEMBERED:  # those that have not failed for the longest time
            del self._resting[next(iter(self._resting))]
