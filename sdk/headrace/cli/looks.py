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
#: The day that stands for no end.
_NEVER = "9999-12-31"
#: A column is not made narrower than this, in cells.
_NARROWEST = 6


class Moment(str):
    """A moment as people read it; `brief` is the same in at most twelve cells."""

    brief: str


def moment(text: str | None) -> Moment | None:
    """A moment that the service tells, by the clock and the zone of this machine.

    Example:
        >>> moment("2026-05-01T08:00:00.000000Z")  # in Berlin
        '2026-05-01 10:00:00 CEST'
    """
    if text is None:
        return None
    if text.startswith(_NEVER):
        never = Moment("no end")
        never.brief = never
        return never
    there = datetime.fromisoformat(text).astimezone()
    told = Moment(there.strftime("%Y-%m-%d %H:%M:%S %Z").rstrip())
    today = there.date() == datetime.now().astimezone().date()
    told.brief = there.strftime("%H:%M:%S" if today else "%b %d %H:%M")
    return told


def clock(text: str) -> str:
    """A moment that the service tells, by the clock of this machine, to the millisecond."""
    there = datetime.fromisoformat(text).astimezone()
    return there.strftime("%Y-%m-%d %H:%M:%S.") + f"{there.microsecond // 1000:03}"


def shown(name: str, value: Any) -> Any:
    """What stands for a field's value, for people.

    Args:
        name: the field, as the schema calls it; never a name that users have given.
        value: what the service says.
    """
    match value:
        case str() if name in _MOMENTS:
            return moment(value)
        case {"name": str(state), "message": message} if name == "state":
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
        return readable_json(value)
    return str(value)


def readable_json(value: object, indent: int | None = None) -> str:
    """A value as JSON for people, its letters as they are; to be cleaned before it is printed."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def briefly(
    columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    """A table for a narrow terminal: its times brief, without the columns that say nothing."""
    kept = [
        place
        for place in range(len(columns))
        if not rows or any(row[place] is not None for row in rows)
    ]
    short = [
        [cell.brief if isinstance(cell, Moment) else cell for cell in map(row.__getitem__, kept)]
        for row in rows
    ]
    return [columns[place] for place in kept], short


def widths_of(texts: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column of a table is, in cells; the columns' names are the first row."""
    from headrace_tui.format import cells

    return [max(cells(row[column]) for row in texts) for column in range(len(texts[0]))]


def fitting(columns: Sequence[str], widths: Sequence[int], width: int) -> list[int]:
    """How wide the columns of a table are to be in lines of `width` cells.

    The widest give way first; ids, which commands are told of, after all others.
    """
    fitted = list(widths)
    over = sum(fitted) + 2 * (len(fitted) - 1) - width
    while over > 0:
        wide = [place for place, each in enumerate(fitted) if each > _NARROWEST]
        if not wide:
            break
        names = [place for place in wide if columns[place] != "ID"]
        fitted[max(names or wide, key=fitted.__getitem__)] -= 1
        over -= 1
    return fitted


def state_of(run: Mapping[str, Any]) -> tuple[str, Moment | None]:
    """A run's state, and since when it is in it."""
    return run["state"]["name"], moment(run["state"]["timestamp"])


def blockers_of(run: dict[str, Any]) -> str | None:
    """What kinds of things hold a run back, such as `no worker`; None if nothing does."""
    return ", ".join(blocker_kind(blocker) for blocker in run["blockedBy"]) or None


def blocker_kind(blocker: Mapping[str, Any]) -> str:
    """What kind of thing holds a run back, such as `no worker`."""
    return str(blocker["reason"]).lower().replace("_", " ")


def length(seconds: float) -> str:
    """How long something took."""
    from headrace_tui.format import duration

    return duration(round(seconds * 1_000_000))
