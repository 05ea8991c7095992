"""What a service counts of itself: plain numbers, cheap enough to count always.

They become metrics only when somebody asks for them; see `headrace_service.metrics`.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime

#: Upper bounds of seconds and of numbers of things, as the buckets of histograms.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class Histogram:
    """How often values up to each bound were met, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def note(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Rounds:
    """How one of the loops fares. Times are those of `time.monotonic`, in seconds."""

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0
        #: How late its rounds began.
        self.lateness = Histogram(SECONDS)
        #: When its next round is to begin; None while one is under way, since `began`.
        self.due: float | None = None
        self.began = time.monotonic()

    def begin(self) -> None:
        """A round begins."""
        now = time.monotonic()
        if self.due is not None:
            self.lateness.note(max(0.0, now - self.due))
        self.due, self.began = None, now

    def end(self, pause: float, *, failed: bool) -> None:
        """A round is over; the next one begins after so many seconds."""
        self.done += 1
        self.failed += failed
        self.due = time.monotonic() + pause

    def overdue(self) -> float:
        """For how many seconds it has been expected to come round, or to finish."""
        return time.monotonic() - (self.began if self.due is None else self.due)


class Measures:
    """The numbers of one open ledger, and of the service over it."""

    def __init__(self) -> None:
        #: Seconds that operations took, by their type and their first field.
        self.operations: dict[tuple[str, str], Histogram] = {}
        self.failed_operations: dict[tuple[str, str], int] = {}
        #: Records in batches that were taken, and seconds and jobs of the writer's commits.
        self.batches = Histogram(SIZES)
        self.commits = Histogram(SECONDS)
        self.groups = Histogram(SIZES)
        self.failed_commits = 0
        #: What kept a group from being committed, until somebody has found that it has passed: that
        #: a small one is committed, or an empty one, does not tell that there is room on the disk.
        self.failure: str | None = None
        self.loops: dict[str, Rounds] = {}
        self.reaped_runs = 0
        self.since = datetime.now(UTC)

    def operation(self, kind: str, field: str, seconds: float, *, failed: bool) -> None:
        """Count an operation that was answered."""
        key = (kind, field)
        histogram = self.operations.get(key)
        if histogram is None:
            histogram = self.operations[key] = Histogram(SECONDS)
        histogram.note(seconds)
        if failed:
            self.failed_operations[key] = self.failed_operations.get(key, 0) + 1

    def committed(self, jobs: int, seconds: float) -> None:
        """Count a commit of so many jobs."""
        self.commits.note(seconds)
        self.groups.note(jobs)

    def not_committed(self, reason: str) -> None:
        """Count a group of jobs that was not committed."""
        self.failed_commits += 1
        self.failure = reason

    def rounds(self, loop: str) -> Rounds:
        """The numbers of one of the loops."""
        return self.loops.setdefault(loop, Rounds())
