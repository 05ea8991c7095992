"""How many slots of a limit are taken, and when enough will be free. Pure arithmetic.

A limit's slots are taken by rows that hold some of them each; there is no counter that could be
wrong. A row ends with its lease. On a limit with decay (a rate limit) what a row holds comes back
by itself, `decay` slots a second, one row after the other: each row has the stretch of time in
which its slots drain, and the next one's begins where that ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_SECOND = 1_000_000

#: What rounding to whole microseconds may make of a slot.
_TOLERANCE = 1e-4


class Capacity(NamedTuple):
    """What a limit allows: `slots` at once, of which `decay` a second come back by themselves.

    One that is not `active` allows everything.
    """

    slots: int
    decay: float = 0.0
    active: bool = True


class Held(NamedTuple):
    """Some slots, held from `since` to `until` (microseconds); with decay, draining in between."""

    occupied: int
    since: int
    until: int


def taken(capacity: Capacity, held: Sequence[Held], now: int) -> float:
    """How many slots are taken at the moment `now`; parts of slots while they drain."""
    return sum(_remains(capacity, row, now) for row in held)


def admits(capacity: Capacity, held: Sequence[Held], occupy: int, now: int) -> bool:
    """Whether `occupy` more slots are free at the moment `now`."""
    if not capacity.active:
        return True
    return taken(capacity, held, now) + occupy <= capacity.slots + _TOLERANCE


def fits(capacity: Capacity, occupy: int) -> bool:
    """Whether `occupy` slots could ever be free."""
    return not capacity.active or occupy <= capacity.slots


def free_at(capacity: Capacity, held: Sequence[Held], occupy: int, now: int) -> int | None:
    """The moment at which `occupy` slots are free if nobody gives any back before; None is never.

    It may be too early, never too late: look again then.
    """
    if not fits(capacity, occupy):
        return None
    excess = taken(capacity, held, now) + occupy - capacity.slots
    if not capacity.active or excess <= _TOLERANCE:
        return now
    if capacity.decay:
        return now + max(1, round(excess / capacity.decay * _SECOND))
    for row in sorted(held, key=lambda row: row.until):
        excess -= _remains(capacity, row, now)
        if excess <= _TOLERANCE:
            return row.until
    return None


def drain(capacity: Capacity, held: Sequence[Held], occupy: int, now: int) -> tuple[int, int]:
    """From when to when `occupy` slots that are taken `now` drain, on a limit with decay."""
    since = max([now, *(row.until for row in held)])
    return since, since + round(occupy / capacity.decay * _SECOND)


def _remains(capacity: Capacity, row: Held, now: int) -> float:
    """How much of what a row holds is still held."""
    if row.until <= now:
        return 0
    if not capacity.decay:
        return row.occupied
    return min(row.occupied, (row.until - max(now, row.since)) * capacity.decay / _SECOND)
