"""The limits that one transaction deals with: what is taken of them, and whose turn it is.

Those who wait for a limit stand in lines, one for each key. Within a line the first to come is
first, save for the head start that its priority gives it. The lines are served in turn, so that
nobody's many hold up another's few; a line whose own slots are all taken is passed over.

Who waits for several limits takes nothing until it is first in its lines of all of them and all
are free, so that nobody holds one and waits for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import peewee
import uuid_utils

from headrace.records import SlotAnswer
from headrace_service.admission import Capacity, Held, admits, drain, fits, free_at, has_room
from headrace_service.ledger.models import Line, Slot, Waiter
from headrace_service.ledger.statements import Insert, Statement

#: Microseconds for which nobody hears of a waiter until it counts as gone.
WAITER_LEASE = 10_000_000

#: Of limits that are no rates: slots of those are neither kept nor given back, they drain.
LASTING = (
    'EXISTS (SELECT 1 FROM "concurrency_limit" AS "l" WHERE "l"."id" = "slot"."limit_id" '
    'AND "l"."decay" = 0)'
)

_INSERT_SLOT = Insert(Slot)
_INSERT_WAITER = Insert(Waiter)
_INSERT_LINE = Insert(Line)
_HELD = Statement(
    'SELECT "occupied", "since", "until", "key" FROM "slot" WHERE "limit_id" = ? AND "until" > ?'
)
_HEAD = Statement(
    'SELECT "lease_id", "occupied", "duration", "client_id", "holder", "key", "rank", "place" '
    'FROM "waiter" WHERE "limit_id" = ? AND "key" = ? AND "until" > ? '
    'ORDER BY "rank", "place" LIMIT 1'
)
_KEYS = Statement('SELECT "key" FROM "line" WHERE "limit_id" = ? ORDER BY "turn"')
_HAS_LINE = Statement('SELECT 1 FROM "line" WHERE "limit_id" = ? AND "key" = ?')
_LAST_TURN = Statement('SELECT coalesce(max("turn"), 0) FROM "line" WHERE "limit_id" = ?')
_TO_THE_END = Statement('UPDATE "line" SET "turn" = ? WHERE "limit_id" = ? AND "key" = ?')
_END_LINE = Statement('DELETE FROM "line" WHERE "limit_id" = ? AND "key" = ?')
_IS_WAITED_IN = Statement('SELECT 1 FROM "waiter" WHERE "limit_id" = ? AND "key" = ? LIMIT 1')
_LAST_PLACE = Statement('SELECT coalesce(max("place"), 0) FROM "waiter"')
_STAY = Statement('UPDATE "waiter" SET "until" = ? WHERE "lease_id" = ?')
_LIMITS_OF_SLOT = Statement('SELECT "limit_id" FROM "slot" WHERE "lease_id" = ? AND "until" > ?')
_ROWS_OF_SLOT = Statement(
    'SELECT "limit_id", "until", "decay" FROM "slot" '
    'JOIN "concurrency_limit" ON "id" = "limit_id" WHERE "lease_id" = ?'
)
_ROWS_OF_WAITER = Statement('SELECT "limit_id", "until" FROM "waiter" WHERE "lease_id" = ?')
_LIMITS_OF_WAITER = Statement('SELECT "limit_id" FROM "waiter" WHERE "lease_id" = ?')
_DELETE_SLOT = Statement('DELETE FROM "slot" WHERE "lease_id" = ?')
_LEAVE_TO_DRAIN = Statement(
    f'UPDATE "slot" SET "lease_id" = ? WHERE "lease_id" = ? AND NOT {LASTING}'
)
_DELETE_WAITER = Statement('DELETE FROM "waiter" WHERE "lease_id" = ?')
_LIMIT = 'SELECT "id", "name", "slots", "decay", "active", "total" FROM "concurrency_limit" WHERE '
_LIMIT_BY = {
    "id": Statement(_LIMIT + '"id" = ?'),
    "name": Statement(_LIMIT + '"name" = ?'),
}


class Limit(NamedTuple):
    """A limit."""

    id: bytes
    name: str
    capacity: Capacity


class Claim(NamedTuple):
    """A lease that is to be: what it wants, as a row of slots or a place in line has it.

    `place` is that in line, 0 for one that stands in none.
    """

    lease_id: bytes
    occupied: int
    duration: int
    client_id: bytes | None
    holder: str
    key: str
    rank: int
    place: int = 0


class Desk:
    """The limits that one transaction deals with, at the moment `now`."""

    def __init__(self, db: peewee.Database, now: int) -> None:
        self.now = now
        self.db = db
        self._limits: dict[bytes, Limit] = {}
        self._held: dict[bytes, list[Held]] = {}

    # -- the limits, and what is taken of them -----------------------------------------------------

    def named(self, names: Iterable[str]) -> list[Limit]:
        """Those of the limits that exist."""
        found = [self._by("name", name) for name in sorted(set(names))]
        return [limit for limit in found if limit is not None]

    def limit(self, limit_id: bytes) -> Limit | None:
        """The limit of that id, unless it was deleted."""
        return self._limits.get(limit_id) or self._by("id", limit_id)

    def held(self, limit: Limit) -> list[Held]:
        """The rows that hold slots of a limit now."""
        held = self._held.get(limit.id)
        if held is None:
            rows = _HELD.run(self.db, limit.id, self.now)
            held = self._held[limit.id] = [Held(*row) for row in rows]
        return held

    def admits(self, limits: Sequence[Limit], claim: Claim) -> bool:
        """Whether what a claim wants is free of all of them."""
        return all(
            admits(limit.capacity, self.held(limit), claim.occupied, self.now, claim.key)
            for limit in limits
        )

    def free_at(self, limits: Sequence[Limit], claim: Claim) -> int | None:
        """When what a claim wants of all of them comes free by itself; None if that is never."""
        moments = [
            free_at(limit.capacity, self.held(limit), claim.occupied, self.now, claim.key)
            for limit in limits
        ]
        return None if None in moments else max(filter(None, moments), default=None)

    # -- taking and giving back --------------------------------------------------------------------

    def take(self, limits: Sequence[Limit], claim: Claim) -> SlotAnswer:
        """Give the slots that a claim is about."""
        for limit in limits:
            since, until = self.now, self.now + claim.duration
            if limit.capacity.decay:
                held = self.held(limit)
                since, until = drain(limit.capacity, held, claim.occupied, self.now, claim.key)
            row = (limit.id, claim.lease_id, claim.occupied, since, until)
            _INSERT_SLOT.run(self.db, *row, claim.client_id, claim.holder, claim.key)
            self.held(limit).append(Held(claim.occupied, since, until, claim.key))
        return granted(limits)

    def limits_held(self, lease_id: bytes) -> list[Limit]:
        """The limits of which a lease holds slots."""
        return self._all(_LIMITS_OF_SLOT.run(self.db, lease_id, self.now))

    def forget(self, lease_id: bytes) -> tuple[list[Limit], bool]:
        """End a lease or a wait; the limits that it was about, and whether it was in force.

        Slots of a rate go on draining, as nobody's: whoever has the lease again asks for others.
        """
        slots = _ROWS_OF_SLOT.run(self.db, lease_id).fetchall()
        found = [row for row in slots if not row[2]]
        if len(found) < len(slots):
            _LEAVE_TO_DRAIN.run(self.db, uuid_utils.uuid7().bytes, lease_id)
        if found:
            _DELETE_SLOT.run(self.db, lease_id)
        if places := _ROWS_OF_WAITER.run(self.db, lease_id).fetchall():
            _DELETE_WAITER.run(self.db, lease_id)
            found += places
        limits = self._all(found)
        for limit in limits:
            self._held.pop(limit.id, None)
        return limits, any(row[1] > self.now for row in found)

    # -- standing in line --------------------------------------------------------------------------

    def is_clear(self, limits: Iterable[Limit], key: str) -> bool:
        """Whether nobody waits who comes before one with that key that comes now."""
        return all(
            self._head(limit, key) is None and self._first(limit) is None for limit in limits
        )

    def stand_in_line(self, limits: Sequence[Limit], claim: Claim) -> None:
        """Put a claim at the end of its lines."""
        ((last,),) = _LAST_PLACE.run(self.db)
        for limit in limits:
            row = (limit.id, last + 1, claim.lease_id, claim.occupied, claim.duration)
            times = (self.now, self.now + WAITER_LEASE)
            about = (claim.client_id, claim.holder, claim.key, claim.rank)
            _INSERT_WAITER.run(self.db, *row, *times, *about)
            if _HAS_LINE.run(self.db, limit.id, claim.key).fetchone() is None:
                _INSERT_LINE.run(self.db, limit.id, claim.key, self._next_turn(limit))

    def stays_in_line(self, lease_id: bytes) -> bool:
        """Whether a claim has its place in line still; from now on for another while."""
        return bool(_STAY.run(self.db, self.now + WAITER_LEASE, lease_id).rowcount)

    def limits_waited_for(self, lease_id: bytes) -> list[Limit]:
        """The limits for which a claim waits."""
        return self._all(_LIMITS_OF_WAITER.run(self.db, lease_id))

    def leave_line(self, lease_id: bytes) -> None:
        """Take a claim out of the lines that it stands in."""
        _DELETE_WAITER.run(self.db, lease_id)

    def admit(
        self, limits: Sequence[Limit], claim: Claim, *, waits: bool
    ) -> tuple[dict[UUID, SlotAnswer], int | None]:
        """Give what a claim wants if nobody comes before it; else let it wait, if it `waits`.

        Everybody who wants slots comes through here. Returns the answers to all who have got some
        by it, by lease, and when more may come free (`retry_at`).
        """
        if not self.stays_in_line(claim.lease_id):
            if self.admits(limits, claim) and self.is_clear(limits, claim.key):
                return {UUID(bytes=claim.lease_id): self.take(limits, claim)}, None
            if not waits:
                return {}, None
            self.stand_in_line(limits, claim)
        if not all(self._leads(limit, claim) for limit in limits):
            # Nobody gets on by this one's coming, and to ask all others would take its time.
            return {}, self.free_at(limits, claim)
        return self.serve(limits)

    # -- whose turn it is --------------------------------------------------------------------------

    def serve(self, limits: Iterable[Limit]) -> tuple[dict[UUID, SlotAnswer], int | None]:
        """Give what is free to those whose turn it is; the answers by lease, and `retry_at`.

        Whoever gets slots of several limits makes way in all their lines.
        """
        served: dict[UUID, SlotAnswer] = {}
        moments: list[int] = []
        lines = list(limits)
        while lines:
            limit = lines.pop()
            claim = self._next(limit)
            if claim is None:
                moments += self._moments(limit)
                continue
            wanted = self.limits_waited_for(claim.lease_id)
            if not all(fits(each.capacity, claim.occupied) for each in wanted):
                self.leave_line(claim.lease_id)  # it asks again, and is told why
                lines += wanted
            elif self.admits(wanted, claim):
                self.leave_line(claim.lease_id)
                served[UUID(bytes=claim.lease_id)] = self.take(wanted, claim)
                for each in wanted:
                    _TO_THE_END.run(self.db, self._next_turn(each), each.id, claim.key)
                lines += wanted
            elif (moment := self.free_at(wanted, claim)) is not None:
                moments.append(moment)
        return served, min(moments, default=None)

    def _next(self, limit: Limit) -> Claim | None:
        """Who has to get slots next, so that whoever waits for a limit gets on.

        Whoever is first there may have to wait for somebody who is first for another limit, and so
        on. Where they wait for one another, since lines take turns, the first to come is next.
        """
        claim, chain = self._first(limit), []
        while claim is not None and claim not in chain:
            chain.append(claim)
            firsts = map(self._first, self.limits_waited_for(claim.lease_id))
            ahead = [each for each in firsts if each is not None and each != claim]
            if not ahead:
                return claim
            claim = ahead[0]
        if claim is None:
            return None
        return min(chain[chain.index(claim) :], key=lambda each: each.place)

    def _first(self, limit: Limit) -> Claim | None:
        """The first in a limit's lines of those that nothing but others' keys can hold up."""
        heads = (self._head(limit, key) for key in self._keys(limit))
        return next((head for head in heads if head is not None and self._is_ready(head)), None)

    def _is_ready(self, claim: Claim) -> bool:
        """Whether it is first of its key for all its limits, and each has slots for the key."""
        return all(
            not fits(limit.capacity, claim.occupied) or self._leads(limit, claim)
            for limit in self.limits_waited_for(claim.lease_id)
        )

    def _leads(self, limit: Limit, claim: Claim) -> bool:
        """Whether it is first of its key, and the limit has slots for the key."""
        head = self._head(limit, claim.key)
        return (
            head is not None
            and head.lease_id == claim.lease_id
            and has_room(limit.capacity, self.held(limit), claim.occupied, self.now, claim.key)
        )

    def _moments(self, limit: Limit) -> list[int]:
        """When the first of some line may get slots though nobody gives any back."""
        heads = [self._head(limit, key) for key in self._keys(limit)]
        moments = [
            self.free_at(self.limits_waited_for(head.lease_id), head)
            for head in heads
            if head is not None
        ]
        return [moment for moment in moments if moment is not None]

    def _keys(self, limit: Limit) -> list[str]:
        """The keys with which somebody waits for a limit, whose turn it is first."""
        keys = [key for (key,) in _KEYS.run(self.db, limit.id)]
        gone = [key for key in keys if _IS_WAITED_IN.run(self.db, limit.id, key).fetchone() is None]
        for key in gone:
            _END_LINE.run(self.db, limit.id, key)
        return [key for key in keys if key not in gone]

    def _head(self, limit: Limit, key: str) -> Claim | None:
        row = _HEAD.run(self.db, limit.id, key, self.now).fetchone()
        return None if row is None else Claim(*row)

    def _next_turn(self, limit: Limit) -> int:
        ((turn,),) = _LAST_TURN.run(self.db, limit.id)
        return int(turn) + 1

    # -- reading -----------------------------------------------------------------------------------

    def _all(self, rows: Iterable[Sequence[Any]]) -> list[Limit]:
        limits = [self.limit(limit_id) for limit_id in sorted(row[0] for row in rows)]
        return [limit for limit in limits if limit is not None]

    def _by(self, column: str, value: object) -> Limit | None:
        row = _LIMIT_BY[column].run(self.db, value).fetchone()
        if row is None:
            return None
        limit = Limit(row[0], row[1], Capacity(row[2], row[3], bool(row[4]), row[5]))
        self._limits[limit.id] = limit
        return limit


def granted(limits: Sequence[Limit]) -> SlotAnswer:
    """The answer to who has got slots of these limits."""
    leased = any(limit.capacity.active and not limit.capacity.decay for limit in limits)
    return SlotAnswer(True, [limit.name for limit in limits], leased)
