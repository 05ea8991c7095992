"""An ordered, filtered list of runs that takes in changes: pure data, no drawing."""

from __future__ import annotations

import enum
from bisect import insort
from collections import Counter
from collections.abc import Mapping

from headrace_tui.filters import Filter
from headrace_tui.models import Run


class Sort(enum.Enum):
    """An order; the value is what people are told."""

    #: The last created first.
    CREATED = "newest"
    #: In the order in which they started; what has not started comes after.
    START = "start"
    #: The last started first; what has not started comes after.
    LATEST = "latest start"
    #: Failed and crashed, then what runs, what waits, what is done.
    FAILED = "failed first"
    #: The longest time first.
    SLOWEST = "slowest"


#: Orders that no change of state disturbs.
_STEADY = frozenset({Sort.CREATED, Sort.START, Sort.LATEST})

_RANK = {
    "FAILED": 0, "CRASHED": 0, "RUNNING": 1, "CANCELLING": 1, "PAUSED": 2, "SCHEDULED": 3,
    "PENDING": 4, "CANCELLED": 5, "COMPLETED": 6,
}  # fmt: skip


class RunList:
    """Runs by id, and the ids of those that pass the filter, in order.

    Orders by state or duration go stale as runs change; `sort` makes them anew, which is to be
    done a few times a second at most.
    """

    def __init__(self, order: Sort = Sort.START) -> None:
        self.rows: dict[str, Run] = {}
        self.keys: list[str] = []
        self.order = order
        self.stale = False
        #: How many runs there are by state type, and how many of them are flow runs.
        self.counts: Counter[str] = Counter()
        self.flow_runs = 0
        self._filter = Filter()
        # Those that pass: what has begun by when, the others by their creation.
        self._begun: list[str] = []
        self._waiting: list[str] = []
        self._members: set[str] = set()

    @property
    def begun(self) -> int:
        """How many of the runs that pass have begun."""
        return len(self._begun)

    def apply(self, changes: Mapping[str, Run], now: int) -> tuple[bool, list[str]]:
        """Take in changed runs.

        Args:
            changes: runs by id.
            now: the time, in microseconds.

        Returns:
            Whether `keys` has become another list, and the ids of the shown runs that changed.
        """
        touched: list[str] = []
        added: list[str] = []
        gone: set[str] = set()
        for key, run in changes.items():
            old = self.rows.get(key)
            self.rows[key] = run
            self._count(old, run)
            if not self._filter.accepts(run):
                if key in self._members:
                    gone.add(key)
                continue
            if key in self._members:
                touched.append(key)
                if old is not None and old.begun != run.begun:  # it changes its place
                    gone.add(key)
                    added.append(key)
            else:
                added.append(key)
        if not added and not gone:
            self.stale = self.stale or (bool(touched) and self.order not in _STEADY)
            return False, touched
        self._replace(added, gone)
        if self.order in _STEADY:
            self._reorder(now)
        else:  # what is gone goes at once, what is new comes to its place with the next sort
            known = set(self.keys) & self._members
            self.keys = [key for key in self.keys if key in known]
            self.keys += [key for key in added if key not in known]
            self.stale = True
        return True, touched

    def _count(self, old: Run | None, run: Run) -> None:
        if old is not None:
            self.counts[old.state.type] -= 1
        else:
            self.flow_runs += run.kind == "flow"
        self.counts[run.state.type] += 1

    def _replace(self, added: list[str], gone: set[str]) -> None:
        """Take some out of the two lists, and put others where they belong."""
        if gone:
            self._members -= gone
            self._begun = [key for key in self._begun if key not in gone]
            self._waiting = [key for key in self._waiting if key not in gone]
        self._members.update(added)
        if len(added) > 200:
            self._begun += [key for key in added if self.rows[key].begun is not None]
            self._waiting += [key for key in added if self.rows[key].begun is None]
            self._begun.sort(key=self._start)
            self._waiting.sort()
            return
        for key in added:
            if self.rows[key].begun is None:
                insort(self._waiting, key)
            else:
                insort(self._begun, key, key=self._start)

    def _start(self, key: str) -> tuple[int, str]:
        return self.rows[key].begun or 0, key

    def choose(self, chosen: Filter, now: int) -> None:
        """Show the runs that pass another filter."""
        self._filter = chosen
        passing = [key for key, run in self.rows.items() if chosen.accepts(run)]
        self._begun, self._waiting, self._members = [], [], set(passing)
        self._replace(passing, set())
        self._reorder(now)

    def sort(self, now: int, order: Sort | None = None) -> None:
        """Put the runs in order anew, in another one if given."""
        self.order = order or self.order
        self._reorder(now)

    def _reorder(self, now: int) -> None:
        self.stale = False
        rows = self.rows
        match self.order:
            case Sort.CREATED:
                self.keys = sorted(self._members, reverse=True)
            case Sort.START:
                self.keys = self._begun + self._waiting
            case Sort.LATEST:
                self.keys = self._begun[::-1] + self._waiting
            case Sort.FAILED:
                self.keys = sorted(
                    self._begun + self._waiting,
                    key=lambda key: _RANK.get(rows[key].state.type, 9),
                )
            case Sort.SLOWEST:
                self.keys = sorted(
                    self._begun + self._waiting,
                    key=lambda key: rows[key].duration(now) or 0,
                    reverse=True,
                )
