"""How values look: pure functions from values to short text. Needs neither Textual nor Rich.

A *piece* is a text and the name of its ink; widgets turn inks into colours. Every state is told by
a glyph, a word and a colour, so that none of the three is needed alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from headrace.records import TERMINAL_STATES

Piece = tuple[str, str]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: State name or type → (glyph, glyph in ASCII, ink). Names win over types.
_LOOKS: dict[str, tuple[str, str, str]] = {
    "SCHEDULED": ("◷", "s", "waiting"),
    "PENDING": ("◌", ".", "waiting"),
    "RUNNING": ("▶", "*", "running"),
    "PAUSED": ("‖", "=", "paused"),
    "CANCELLING": ("⊘", "c", "paused"),
    "COMPLETED": ("✓", "+", "completed"),
    "FAILED": ("✗", "x", "failed"),
    "CRASHED": ("!", "!", "crashed"),
    "CANCELLED": ("⊘", "c", "cancelled"),
    "Late": ("◷", "L", "paused"),
    "AwaitingRetry": ("↻", "r", "retrying"),
    "Retrying": ("↻", "r", "retrying"),
    "Cached": ("≡", "=", "completed"),
}
_UNKNOWN = ("?", "?", "text")

#: Names too long for a column.
_WORDS = {"AwaitingRetry": "AwaitRetry", "AwaitingConcurrencySlot": "AwaitSlot"}

#: The widest word that `state_word` gives, in cells.
STATE_WIDTH = 10

_LEVELS = ((50, "C", "crashed"), (40, "E", "failed"), (30, "W", "retrying"), (20, "I", "text"))

_ESCAPES = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # control sequences, such as colours
    "|\x1b[\\]PX^_].*?(?:\x1b\\\\|\x07|$)"  # strings, such as a window's title
    "|\x1b[ -/]*[0-~]?"
    "|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
#: Controls, and marks that change the direction or the width of what follows.
_CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff\ud800-\udfff]"
)


def duration(micros: int | None) -> str:
    """A length of time in at most six cells: `340ms`, `4.2s`, `41s`, `2m13s`, `1h02m`, `3d04h`.

    Example:
        >>> duration(133_000_000)
        '2m13s'
    """
    if micros is None:
        return ""
    if 0 < micros < 1000:
        return "<1ms"
    if micros < SECOND:
        return f"{micros // 1000}ms"
    if micros < 10 * SECOND:
        return f"{micros // 100_000 / 10:.1f}s"
    if micros < MINUTE:
        return f"{micros // SECOND}s"
    if micros < HOUR:
        return f"{micros // MINUTE}m{micros % MINUTE // SECOND:02}s"
    if micros < DAY:
        return f"{micros // HOUR}h{micros % HOUR // MINUTE:02}m"
    return f"{micros // DAY}d{micros % DAY // HOUR:02}h"


def ticking(micros: int | None) -> str:
    """Like `duration`, of what still runs: whole seconds, as it is redrawn each second."""
    if micros is not None and micros < 10 * SECOND:
        return f"{micros // SECOND}s"
    return duration(micros)


def clock(micros: int, *, utc: bool = False, millis: bool = False) -> str:
    """A moment's time of day, such as `14:02:11`, in local time unless `utc`."""
    moment = datetime.fromtimestamp(micros / SECOND, UTC if utc else None)
    text = moment.strftime("%H:%M:%S")
    return f"{text}.{micros // 1000 % 1000:03}" if millis else text


def moment(micros: int, now: int, *, utc: bool = False) -> str:
    """A moment as briefly as can be: the time of day, with the date when that is another day's."""
    zone = UTC if utc else None
    then = datetime.fromtimestamp(micros / SECOND, zone)
    today = datetime.fromtimestamp(now / SECOND, zone)
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    if then.year == today.year:
        return then.strftime("%b %d %H:%M")
    return then.strftime("%Y-%m-%d")


def ago(micros: int, now: int) -> str:
    """How long before `now` a moment was, such as `2m13s ago`."""
    return f"{ticking(max(0, now - micros))} ago"


def look(state_type: str, state_name: str = "", *, ascii_only: bool = False) -> tuple[str, str]:
    """A state's glyph and ink."""
    glyph, plain, ink = _LOOKS.get(state_name) or _LOOKS.get(state_type) or _UNKNOWN
    return (plain if ascii_only else glyph), ink


def state_word(name: str) -> str:
    """A state's name, shortened where it would not fit a column."""
    return _WORDS.get(name, name)


def level_look(level: int) -> tuple[str, str]:
    """A log level's letter and ink."""
    for least, letter, ink in _LEVELS:
        if level >= least:
            return letter, ink
    return "D", "dim"


def clean(text: str) -> str:
    """`text` without what could move the cursor, change colours or hide what it says.

    Line ends stay (`\\n` alone); a tab becomes four spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return _CONTROLS.sub("", text)


def one_line(text: str) -> str:
    """`text` cleaned, its lines joined by spaces."""
    return " ".join(clean(text).split("\n")) if text else ""


def cells(text: str) -> int:
    """How many terminal cells a cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, start: int, width: int) -> str:
    """The cells from `start` on of a cleaned text, `width` of them or fewer.

    A wide character that stands across an edge becomes a space.
    """
    if text.isascii():
        return text[start : start + width]
    taken: list[str] = []
    position = 0
    for character in text:
        size = _cell(character)
        if position >= start + width and size:
            break
        if position >= start and position + size <= start + width:
            taken.append(character)
        elif position + size > start and size:
            taken.append(" ")
        position += size
    return "".join(taken)


def fold_width(text: str, width: int) -> int:
    """How many cells of a cleaned text each row begins after the last, when rows have `width`.

    Where characters may be wide, the last cell is for one that begins in the cell before.
    """
    return max(1, width if text.isascii() else width - 1)


def fold_row(text: str, start: int, step: int) -> str:
    """The characters that begin in the `step` cells from `start` on: one row of a folded text."""
    if text.isascii():
        return text[start : start + step]
    taken: list[str] = []
    position = 0
    for character in text:
        size = _cell(character)
        if position >= start + step and size:
            break
        if position >= start and (size or taken):
            taken.append(character)
        position += size
    return "".join(taken)


def fold(text: str, width: int) -> list[str]:
    """A cleaned text in rows of at most `width` cells, which are to be 2 or more."""
    step = fold_width(text, width)
    rows = (fold_row(text, start, step) for start in range(0, cells(text), step))
    return [row for row in rows if row]


def fit(text: str, width: int, *, right: bool = False, ellipsis: str = "…") -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    size = cells(text)
    if size > width:
        if width <= len(ellipsis):
            return cut(text, 0, width).ljust(width)
        text = cut(text, 0, width - len(ellipsis)) + ellipsis
        size = cells(text)
    pad = " " * (width - size)
    return pad + text if right else text + pad


def fit_name(name: str, width: int, *, ellipsis: str = "…") -> str:
    """A name in exactly `width` cells; a long one loses its middle, since ends tell runs apart."""
    size = cells(name)
    if size <= width or width < 8:
        return fit(name, width, ellipsis=ellipsis)
    end = width // 3
    tail = cut(name, size - end, end)
    return cut(name, 0, width - len(ellipsis) - cells(tail)) + ellipsis + tail


def tally(counts: Mapping[str, int]) -> tuple[int, int]:
    """How many task runs have ended, and how many there are."""
    return sum(counts.get(kind, 0) for kind in TERMINAL_STATES), sum(counts.values())


def trouble(counts: Mapping[str, int]) -> int:
    """How many task runs failed or crashed."""
    return counts.get("FAILED", 0) + counts.get("CRASHED", 0)


def bar(counts: Mapping[str, int], width: int, *, ascii_only: bool = False) -> list[Piece]:
    """A progress bar: completed, failed, cancelled, running, and what waits, `width` cells in all.

    Whatever there is any of gets a cell, so that one failure among thousands is seen.
    """
    shares = [
        (counts.get("COMPLETED", 0), "=" if ascii_only else "━", "completed"),
        (trouble(counts), "x" if ascii_only else "✗", "failed"),
        (counts.get("CANCELLED", 0), "c" if ascii_only else "⊘", "cancelled"),
        (counts.get("RUNNING", 0) + counts.get("CANCELLING", 0), ">" if ascii_only else "╍",
         "running"),
    ]  # fmt: skip
    rest = "." if ascii_only else "─"
    total = sum(counts.values())
    if not total or width <= 0:
        return [(rest * width, "dim")]
    lengths = [max(1, amount * width // total) if amount else 0 for amount, _, _ in shares]
    while sum(lengths) > width:
        lengths[lengths.index(max(lengths))] -= 1
    if sum(amount for amount, _, _ in shares) == total:  # nothing waits: fill the bar
        lengths[lengths.index(max(lengths))] += width - sum(lengths)
    pieces = [
        (glyph * length, ink)
        for (_, glyph, ink), length in zip(shares, lengths, strict=True)
        if length
    ]
    left = width - sum(lengths)
    return [*pieces, (rest * left, "dim")] if left else pieces


def span(
    start: int, end: int, first: int, last: int, width: int, *, ascii_only: bool = False
) -> tuple[int, str]:
    """A timeline's bar for `start`..`end` on an axis `first`..`last` of `width` cells.

    Returns:
        How many cells stand before it, and the bar: at least one cell, precise to half a cell.
    """
    length = max(1, last - first)
    halves = 2 * width
    begin = min(halves - 1, max(0, (start - first) * halves // length))
    stop = min(halves, max(begin + 1, -(-(end - first) * halves // length)))
    left, right = begin // 2, -(-stop // 2)
    if ascii_only:
        return left, "=" * (right - left)
    if stop - begin == 1:
        return left, "╺" if begin % 2 else "╸"
    head = "╺" if begin % 2 else ""
    tail = "╸" if stop % 2 else ""
    return left, head + "━" * ((right - left) - len(head) - len(tail)) + tail


def timeline(
    bars: Sequence[tuple[int, int, str, bool]],
    first: int,
    last: int,
    width: int,
    *,
    ascii_only: bool = False,
) -> list[Piece]:
    """A row of a timeline: bars, dots in the pauses between them, a cross where one failed.

    Args:
        bars: start, end, ink and whether it failed, of each; in order.
        first, last: the moments at the axis' ends.
        width: in cells.
        ascii_only: use no symbols outside of ASCII.
    """
    row: list[Piece] = []
    filled = 0
    for place, (start, end, ink, failed) in enumerate(bars):
        left, bar = span(start, end, first, last, width, ascii_only=ascii_only)
        bar = bar[max(0, filled - left) :]
        left = max(left, filled)
        if not bar:
            continue
        if left > filled:
            between = "." if ascii_only else "·"
            row.append(((between if place else " ") * (left - filled), "dim"))
        if failed:
            bar = bar[:-1]
        if bar:
            row.append((bar, ink))
        if failed:
            row.append(("x" if ascii_only else "✗", "failed"))
        filled = left + len(bar) + failed
    return row


def axis(length: int, width: int) -> str:
    """A timeline's header: 0 and round times, `width` cells for `length` microseconds."""
    if width < 12 or length <= 0:
        return " " * width
    step = _round_step(length * 10 // width)
    text = [" "] * width
    position = 0
    while (column := position * width // length) < width:
        label = "0" if position == 0 else _label(position)
        if column + len(label) <= width:
            text[column : column + len(label)] = label
        position += step
    return "".join(text)


def _label(micros: int) -> str:
    if micros < SECOND:
        return f"{micros // 1000}ms"
    if micros % MINUTE == 0 and micros < HOUR:
        return f"{micros // MINUTE}m"
    if micros % HOUR == 0 and micros < DAY:
        return f"{micros // HOUR}h"
    if micros < 10 * SECOND and micros % SECOND == 0:
        return f"{micros // SECOND}s"
    return duration(micros)


_STEPS: Sequence[int] = (
    *(1000 * n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
)


def _round_step(least: int) -> int:
    for step in _STEPS:
        if step >= least:
            return step
    return -(-least // DAY) * DAY
