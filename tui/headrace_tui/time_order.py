"""Events of several feeds, put into the order of their times."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from headrace_tui.models import LogRow, Run

#: Something that happened: a run entered a state, or wrote a line.
Event = Run | LogRow


class TimeOrder:
    """Holds events that wait for older ones.

    The states of a run stay in the order in which they come, also when its clock steps back.
    """

    def __init__(self) -> None:
        # The events with the moments that they stand at, in microseconds.
        self._held: list[tuple[int, Event]] = []
        self._latest: dict[str, int] = {}

    def hold(self, events: Iterable[Event]) -> None:
        """Take events in."""
        for event in events:
            if isinstance(event, LogRow):
                at = event.at
            else:
                at = max(event.state.at, self._latest.get(event.id, event.state.at))
                self._latest[event.id] = at
            self._held.append((at, event))

    @property
    def newest(self) -> int | None:
        """The moment of the newest event that is held, in microseconds; None if none is held."""
        return max(map(_moment, self._held), default=None)

    def release(self, until: int | None = None) -> list[Event]:
        """Give out, in order, the events up to a moment (microseconds), or all of them."""
        self._held.sort(key=_moment)
        count = len(self._held)
        if until is not None:
            count = bisect.bisect_right(self._held, until, key=_moment)
        released, self._held = self._held[:count], self._held[count:]
        return [event for _, event in released]


def _moment(held: tuple[int, Event]) -> int:
    return held[0]
