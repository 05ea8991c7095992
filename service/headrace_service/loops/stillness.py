"""When a loop need not look: nobody has committed since it did, and nothing has come due by itself.

So a service in which nothing happens reads nothing; on PostgreSQL little, since what tells of
commits there may lose its connection, and so has who watches look every two seconds anyhow. A loop
still comes round to ask, since other processes commit, too, and the clock may be set.
"""

from __future__ import annotations

from headrace_service.ledger import Ledger


class Stillness:
    """What a loop knows of the ledger from its last look at it."""

    def __init__(self) -> None:
        self._ledger: Ledger | None = None
        self._commits = 0
        self._until: int | None = 0

    def lasts(self, ledger: Ledger, now: int) -> bool:
        """Whether there is nothing for the loop to do.

        Args:
            ledger: the one that it works on.
            now: microseconds since 1970 UTC.
        """
        if ledger is not self._ledger or (self._until is not None and self._until <= now):
            return False
        return ledger.commits() == self._commits

    def begin(self, ledger: Ledger, commits: int, until: int | None) -> None:
        """The loop has looked, and done what was to be done.

        Args:
            ledger: what it has looked at.
            commits: the ledger's `commits()` from before the look.
            until: when something comes due though nobody commits (microseconds); None is never, and
                0 that the loop has to look at every turn.
        """
        self._ledger, self._commits, self._until = ledger, commits, until

    def seconds(self, now: int, at_most: float) -> float:
        """For how long to pause: until something comes due, but not for longer than `at_most`."""
        if not self._until:
            return at_most
        return min(max(0, self._until - now) / 1_000_000, at_most)
