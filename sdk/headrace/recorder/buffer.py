"""The records that wait in memory, between the callers and the one thread that sends them.

Callers append to a deque and compare its length with `threshold`, which the flusher sets: 1 while
it sleeps, a batch while it gathers one, the bound while it is busy. So a caller does something
about the flusher only when there is something to be done.
"""

from __future__ import annotations

import _thread
import contextlib
import enum
import threading
from collections import deque

from headrace.records import Record


class Settled(enum.Enum):
    """What has become of the records that were recorded before a `flush`."""

    ACKNOWLEDGED = "acknowledged"  #: committed, all of them
    SPOOLED = "spooled"  #: some wait on disk, and are sent when the service is back
    TIMED_OUT = "timed out"  #: some are still in memory

    def __bool__(self) -> bool:
        """Whether the records outlive this process."""
        return self is not Settled.TIMED_OUT


class Mark:
    """A place in the stream that somebody waits for."""

    __slots__ = ("over", "settled")

    def __init__(self) -> None:
        self.settled = Settled.TIMED_OUT  #: what has become of everything before it
        self.over = threading.Event()  #: nothing better can be hoped for


class Buffer:
    """What the callers fill and the flusher empties.

    Args:
        bound: how many records may wait before callers are held up.
    """

    def __init__(self, bound: int) -> None:
        self.items: deque[Record | Mark] = deque()
        self.threshold = 1  #: the length from which on a caller is to call `nudge`
        self.bound = bound
        self._marks = 0
        self._marks_taken = 0
        # A raw lock as a binary semaphore: releasing it cannot wait, not even when a signal
        # handler records something in the middle of another release.
        self._token = _thread.allocate_lock()
        self._token.acquire()
        self._room = threading.Condition()
        self._held_up = 0

    # -- the callers' side ------------------------------------------------------------------

    def mark(self, mark: Mark) -> None:
        """Put a mark behind all that waits, and see to it that it is reached without delay."""
        with self._room:
            self._marks += 1
        self.items.append(mark)
        self.wake()

    def wake(self) -> None:
        """End the flusher's sleep, now or the next time it would fall asleep."""
        if self._token.locked():
            with contextlib.suppress(RuntimeError):  # somebody else was quicker
                self._token.release()

    def wait_for_room(self) -> None:
        """Hold the caller up for as long as the bound is reached."""
        with self._room:
            self._held_up += 1
            try:
                while len(self.items) >= self.bound:
                    self._room.wait()
            finally:
                self._held_up -= 1

    # -- the flusher's side -----------------------------------------------------------------

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for a mark that was not taken yet."""
        return self._marks != self._marks_taken

    def wait(self, length: int, timeout: float | None, *, urgent: bool = True) -> None:
        """Sleep until so many items wait, somebody needs a mark, `wake` is called, or it is time.

        Args:
            length: how many items are worth waking up for.
            timeout: seconds, or None for as long as it takes.
            urgent: False sleeps on although somebody waits for a mark.
        """
        self.threshold = min(length, self.bound)
        if len(self.items) < length and not (urgent and self.urgent):
            if timeout is None:
                self._token.acquire()
            elif timeout > 0:
                self._token.acquire(timeout=timeout)
        self.threshold = self.bound

    def take(self, limit: int) -> tuple[list[Record], list[Mark]]:
        """At most `limit` records from the front, and the marks among them or right behind."""
        popleft = self.items.popleft
        records: list[Record] = []
        marks: list[Mark] = []
        try:
            while len(records) < limit:
                item = popleft()
                if item.__class__ is Mark:
                    marks.append(item)
                else:
                    records.append(item)  # type: ignore[arg-type]  # faster than isinstance
        except IndexError:
            pass
        self._marks_taken += len(marks)
        if self._held_up:
            with self._room:
                self._room.notify_all()
        return records, marks
