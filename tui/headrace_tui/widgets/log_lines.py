"""The lines of a log view: a bounded store, what of it is shown, and where each line stands.

Pure data, no drawing. A log record of several lines, such as a traceback, becomes several lines.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headrace_tui.format import cells, fold_width
from headrace_tui.models import LogRow

#: How many log records are kept.
BOUND = 200_000
#: How many are dropped at once when there are more.
SLACK = 10_000
#: How many lines share one entry in the index of wrapped lines.
_CHUNK = 256


@dataclass(slots=True, frozen=True)
class TextLine:
    """One line of a record. `number` is the record's place, `part` the line's within it."""

    row: LogRow
    number: int
    part: int
    text: str
    size: int


class LogLines:
    """Log records, oldest first, and the lines of those that pass the level and the search.

    Args:
        bound: how many records are kept; past it the oldest go.
        slack: how many go at once.
    """

    def __init__(self, bound: int = BOUND, slack: int = SLACK) -> None:
        self.records: list[LogRow] = []
        self.shown: list[TextLine] = []
        self.min_level = 0
        self.search = ""
        #: For a record, the name of what wrote it; used by the search.
        self.source: Callable[[LogRow], str] = lambda row: row.logger
        self.dropped = 0
        self._first = 0
        self._bound = bound
        self._slack = slack

    def passes(self, row: LogRow) -> bool:
        """Whether a record is shown."""
        if row.level < self.min_level:
            return False
        search = self.search
        return (
            not search or search in row.message.casefold() or search in self.source(row).casefold()
        )

    def append(self, rows: Sequence[LogRow]) -> tuple[int, int]:
        """Add newer records.

        Returns:
            How many lines were added at the end, and how many went from the beginning.
        """
        number = self._first + len(self.records)
        self.records.extend(rows)
        before = len(self.shown)
        for offset, row in enumerate(rows):
            if self.passes(row):
                self.shown.extend(_lines(row, number + offset))
        added = len(self.shown) - before
        return added, self._trim()

    def _trim(self) -> int:
        if len(self.records) <= self._bound + self._slack:
            return 0
        excess = len(self.records) - self._bound
        del self.records[:excess]
        self._first += excess
        self.dropped += excess
        gone = bisect_left(self.shown, self._first, key=lambda line: line.number)
        del self.shown[:gone]
        return gone

    def prepend(self, rows: Sequence[LogRow]) -> int:
        """Add older records, as far as there is room. Returns how many lines were added."""
        room = max(0, self._bound - len(self.records))
        rows = rows[len(rows) - room :] if room < len(rows) else rows
        self._first -= len(rows)
        self.records[:0] = rows
        lines: list[TextLine] = []
        for offset, row in enumerate(rows):
            if self.passes(row):
                lines.extend(_lines(row, self._first + offset))
        self.shown[:0] = lines
        return len(lines)

    def choose(self, *, min_level: int | None = None, search: str | None = None) -> None:
        """Show records of at least this level, and with this text in them."""
        if min_level is not None:
            self.min_level = min_level
        if search is not None:
            self.search = search.casefold()
        self.shown = [
            line
            for number, row in enumerate(self.records, self._first)
            if self.passes(row)
            for line in _lines(row, number)
        ]


def _lines(row: LogRow, number: int) -> list[TextLine]:
    text = row.message
    if "\n" not in text:
        return [TextLine(row, number, 0, text, cells(text))]
    parts = text.rstrip("\n").split("\n")
    return [TextLine(row, number, part, line, cells(line)) for part, line in enumerate(parts)]


class WrapIndex:
    """Where each line stands when long ones take several rows of the screen.

    It holds one number for each few hundred lines; the rows of a line are its size divided by a
    width.
    """

    def __init__(self) -> None:
        self._lines: Sequence[TextLine] = ()
        self._width = 1
        self._tops: list[int] = []
        self._counted = 0
        self.total = 0

    def rebuild(self, lines: Sequence[TextLine], width: int) -> None:
        """Index all lines for a width in cells."""
        self._lines = lines
        self._width = max(1, width)
        self._tops = []
        self._counted = 0
        self.total = 0
        self.extend()

    def extend(self) -> int:
        """Index the lines that were appended since. Returns how many rows they take."""
        before = self.total
        for place in range(self._counted, len(self._lines)):
            if place % _CHUNK == 0:
                self._tops.append(self.total)
            self.total += self.height(self._lines[place])
        self._counted = len(self._lines)
        return self.total - before

    def height(self, line: TextLine) -> int:
        """How many rows a line takes."""
        return -(-line.size // fold_width(line.text, self._width)) or 1

    def locate(self, row: int) -> tuple[int, int]:
        """The line that stands on a row, and which of the line's rows it is."""
        chunk = bisect_right(self._tops, row) - 1
        left = row - self._tops[chunk]
        place = chunk * _CHUNK
        while left >= (height := self.height(self._lines[place])):
            left -= height
            place += 1
        return place, left

    def row_of(self, place: int) -> int:
        """The first row of a line."""
        chunk = place // _CHUNK
        if chunk >= len(self._tops):
            return self.total
        lines = self._lines[chunk * _CHUNK : place]
        return self._tops[chunk] + sum(self.height(line) for line in lines)
