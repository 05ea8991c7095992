"""How what the service tells looks to people: moments by their clock, states and counts in words.

What programs read is printed with `--json`, as the service has it: times are UTC's there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

#: The fields that hold a moment, as the schema calls them.
_MOMENTS = {
    *("anchor", "createdAt", "endTime", "expiresAt", "lastFiredAt", "lastUsedAt", "nextFire"),
    *("occurred", "revokedAt", "scheduledTime", "seenAt", "since", "startTime", "startedAt"),
    *("timestamp", "until", "updatedAt"),
}
#: A column is not made narrower than this, in cells.
_NARROWEST = 8


def moment(text: str | None) -> str | None:
    """A moment that the service tells, by the clock and the zone of this machine.

    Example:
        >>> moment("2026-05-01T08:00:00.000000Z")  # in Berlin
        '2026-05-01 10:00:00 CEST'
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z").rstrip()
    except (OverflowError, ValueError):  # the last year that there is stands for no end
        return "for ever"


def clock(text: str) -> str:
    """A moment that the service tells, by the clock of this machine, to the millisecond."""
    there = datetime.fromisoformat(text).astimezone()
    return there.strftime("%Y-%m-%d %H:%M:%S.") + f"{there.microsecond // 1000:03}"


def shown(name: str, value: Any) -> Any:
    """What stands for a field's value, for people.

    Args:
        name: the field, as the schema calls it.
        value: what the service says.
    """
    match value:
        case str() if name in _MOMENTS:
            return moment(value)
        case {"type": str(), "name": str(state), "message": message}:
            return f"{state}: {message}" if message else state
        case [{"type": str(), "count": int()}, *_]:
            return ", ".join(f"{each['count']:,} {each['type'].lower()}" for each in value)
        case [*items] if all(isinstance(item, str) for item in items):
            return ", ".join(items) or None
        case {} if not value:
            return None
    return value


def words(value: object) -> str:
    """A cell of a table, or a field's value, as text."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return json.dumps(value)
    return str(value)


def fitting(rows: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """How wide each column of a table is to be, in cells.

    The widest columns give way first. The first one does not: it names what commands are told of.

    Args:
        rows: the texts, the columns' names among them.
        width: how many cells there are for a row; None is any number.
    """
    from headrace_tui.format import cells

    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    if width is None:
        return widths
    over = sum(widths) + 2 * (len(widths) - 1) - width
    while over > 0:
        column = max(range(1, len(widths)), key=widths.__getitem__, default=0)
        if not column or widths[column] <= _NARROWEST:
            break
        widths[column] -= 1
        over -= 1
    return widths


def state_of(run: Mapping[str, Any]) -> tuple[str, str | None]:
    """A run's state, and since when it is in it."""
    return run["state"]["name"], moment(run["state"]["timestamp"])
