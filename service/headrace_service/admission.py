"""How many slots of a limit are taken, and when enough will be free. Pure arithmetic.

A limit's slots are taken by rows that hold some of them each; there is no counter that could be
wrong. A row ends with its lease. On a limit with decay (a rate limit) what a row holds comes back
by itself, `decay` slots a second, one row after the other: each row has the stretch of time in
which its slots drain, and the next one's begins where that ends.

A limit counts for each key by itself: who asks under another key asks for other slots. Its `total`
is for all keys together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: In microseconds, as all times are.
SECOND = 1_000_000

#: How the names of limits begin that are of a work pool, and of a work queue.
OF_POOL, OF_QUEUE = "work-pool:", "work-queue:"

#: What rounding to whole microseconds may make of a slot.
_TOLERANCE = 1e-4


class Capacity(NamedTuple):
    """What a limit allows: `slots` at once for each key, of which `decay` a second come back by
    themselves, and `total` for all keys; None is as many as there are.

    One that is not `active` allows everything.
    """

    slots: int
    decay: float = 0.0
    active: bool = True
    total: int | None = None


def capacity_of(name: str, slots: int, decay: float, active: bool, total: int | None) -> Capacity:
    """What the limit of that name allows, by what is said of it.

    Whatever keys the runs in a pool or a queue have, they share its slots.
    """
    if name.startswith((OF_POOL, OF_QUEUE)):
        total = slots if total is None else min(slots, total)
    return Capacity(slots, decay, bool(active), total)


class Held(NamedTuple):
    """Some slots, held from `since` to `until` (microseconds); with decay, draining in between."""

    occupied: int
    since: int
    until: int
    key: str = ""


def taken(capacity: Capacity, held: Sequence[Held], now: int) -> float:
    """How many slots are taken at the moment `now`; parts of slots while they drain."""
    return sum(_remains(capacity, row, now) for row in held)


def has_room(
    capacity: Capacity, held: Sequence[Held], occupy: int, now: int, key: str = ""
) -> bool:
    """Whether of the slots of a key `occupy` are free at the moment `now`, whatever the total."""
    if not capacity.active:
        return True
    own = [row for row in held if row.key == key]
    return taken(capacity, own, now) + occupy <= capacity.slots + _TOLERANCE


def admits(capacity: Capacity, held: Sequence[Held], occupy: int, now: int, key: str = "") -> bool:
    """Whether `occupy` more slots are free for a key at the moment `now`."""
    if not has_room(capacity, held, occupy, now, key):
        return False
    return total_has_room(capacity, held, occupy, now)


def total_has_room(capacity: Capacity, held: Sequence[Held], occupy: int, now: int) -> bool:
    """Whether of the total of all keys `occupy` slots are free at the moment `now`."""
    if not capacity.active or capacity.total is None:
        return True
    return taken(capacity, held, now) + occupy <= capacity.total + _TOLERANCE


def fits(capacity: Capacity, occupy: int) -> bool:
    """Whether `occupy` slots could ever be free."""
    if not capacity.active:
        return True
    return occupy <= capacity.slots and (capacity.total is None or occupy <= capacity.total)


def free_at(
    capacity: Capacity, held: Sequence[Held], occupy: int, now: int, key: str = ""
) -> int | None:
    """The moment at which `occupy` slots are free for a key if nobody gives any back before.

    None is never. It may be too early, never too late: look again then.
    """
    if not fits(capacity, occupy):
        return None
    if not capacity.active:
        return now
    own = [row for row in held if row.key == key]
    moment = _free_at(capacity, own, occupy - capacity.slots, now)
    of_all = total_free_at(capacity, held, occupy, now)
    return None if moment is None or of_all is None else max(moment, of_all)


def total_free_at(capacity: Capacity, held: Sequence[Held], occupy: int, now: int) -> int | None:
    """The moment at which the total of all keys has `occupy` slots free; as in `free_at`."""
    if capacity.total is None or not capacity.active:
        return now
    return _free_at(capacity, held, occupy - capacity.total, now)


def _free_at(capacity: Capacity, held: Sequence[Held], beyond: int, now: int) -> int | None:
    """When what is held has shrunk to less than 0 with `beyond` added to it."""
    excess = taken(capacity, held, now) + beyond
    if excess <= _TOLERANCE:
        return now
    if capacity.decay:
        keys = len({row.key for row in held}) or 1  # they drain at the same time
        return now + max(1, round(excess / capacity.decay / keys * SECOND))
    for row in sorted(held, key=lambda row: row.until):
        excess -= _remains(capacity, row, now)
        if excess <= _TOLERANCE:
            return row.until
    return None


def drain(
    capacity: Capacity, held: Sequence[Held], occupy: int, now: int, key: str = ""
) -> tuple[int, int]:
    """From when to when `occupy` slots that are taken `now` drain, on a limit with decay."""
    since = max([now, *(row.until for row in held if row.key == key)])
    return since, since + round(occupy / capacity.decay * SECOND)


def _remains(capacity: Capacity, row: Held, now: int) -> float:
    """How much of what a row holds is still held."""
    if row.until <= now:
        return 0
    if not capacity.decay:
        return row.occupied
    return min(row.occupied, (row.until - max(now, row.since)) * capacity.decay / SECOND)
