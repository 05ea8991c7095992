"""The limits that one transaction deals with: what is taken of them, and whose turn it is.

Those who wait for a limit stand in lines, one for each key. Within a line the first to come is
first, save for the head start that its priority gives it. The lines are served in turn, so that
nobody's many hold up another's few; a line whose own slots are all taken is passed over.

Who waits for several limits takes nothing until it is first in its lines of all of them and all
are free, so that nobody holds one and waits for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import peewee
import uuid_utils

from headrace.records import SlotAnswer
from headrace_service.admission import (
    Capacity,
    Held,
    admits,
    capacity_of,
    drain,
    fits,
    free_at,
    has_room,
    total_free_at,
    total_has_room,
)
from headrace_service.ledger.lines import TOGETHER, Claim, Lines
from headrace_service.ledger.models import Slot
from headrace_service.ledger.statements import Statement, Upsert

#: Of limits that are no rates: slots of those are neither kept nor given back, they drain.
LASTING = (
    'EXISTS (SELECT 1 FROM "concurrency_limit" AS "l" WHERE "l"."id" = "slot"."limit_id" '
    'AND "l"."decay" = 0)'
)

#: How many more one transaction puts in line for a limit than its total has slots.
JOINING = 100

_PUT_SLOT = Upsert(Slot)
_HELD = Statement(
    'SELECT "occupied", "since", "until", "key" FROM "slot" WHERE "limit_id" = ? AND "until" > ?'
)
_HELD_OF = Statement(
    'SELECT "occupied", "since", "until", "key" FROM "slot" '
    'WHERE "limit_id" = ? AND "key" = ? AND "until" > ?'
)
_LIMITS_OF_SLOT = Statement('SELECT "limit_id" FROM "slot" WHERE "lease_id" = ? AND "until" > ?')
_ROWS_OF_SLOT = Statement(
    'SELECT "key", "until", "id", "name", "slots", "decay", "active", "total" FROM "slot" '
    'JOIN "concurrency_limit" ON "id" = "limit_id" WHERE "lease_id" = ?'
)
_DELETE_SLOT = Statement('DELETE FROM "slot" WHERE "lease_id" = ?')
_LEAVE_TO_DRAIN = Statement(
    f'UPDATE "slot" SET "lease_id" = ? WHERE "lease_id" = ? AND NOT {LASTING}'
)
_LIMIT = 'SELECT "id", "name", "slots", "decay", "active", "total" FROM "concurrency_limit" WHERE '
_BY_ID = Statement(_LIMIT + '"id" = ?')
_BY_NAME = Statement(_LIMIT + '"name" = ?')


class Limit(NamedTuple):
    """A limit."""

    id: bytes
    name: str
    capacity: Capacity


class Queue(NamedTuple):
    """The line of a limit's key; or, without a key, all lines of a limit."""

    limit: Limit
    key: str | None = None


class Taken:
    """The rows that hold slots of a limit, all of them and those of each key."""

    def __init__(self, rows: Iterable[Held]) -> None:
        self.rows: list[Held] = []
        self._of: dict[str, list[Held]] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Held) -> None:
        """One more."""
        self.rows.append(row)
        self._of.setdefault(row.key, []).append(row)

    def of(self, key: str) -> Sequence[Held]:
        """Those of a key."""
        return self._of.get(key, ())


class Desk:
    """The limits that one transaction deals with, at the moment `now`."""

    def __init__(self, db: peewee.Database, now: int) -> None:
        self.now = now
        self.db = db
        self._lines = Lines(db, now)
        self._limits: dict[bytes, Limit | None] = {}
        self._named: dict[str, Limit | None] = {}
        # What is held of limits, and of keys of limits of which not all has been read.
        self._taken: dict[bytes, Taken] = {}
        self._taken_of: dict[tuple[bytes, str], list[Held]] = {}
        # How many have been put in line, by limit.
        self._joined: Counter[bytes] = Counter()

    # -- the limits, and what is taken of them -----------------------------------------------------

    def named(self, names: Iterable[str]) -> list[Limit]:
        """Those of the limits that exist."""
        found = map(self._limit_named, sorted(set(names)))
        return [limit for limit in found if limit is not None]

    def limit(self, limit_id: bytes) -> Limit | None:
        """The limit of that id, unless it was deleted."""
        if limit_id not in self._limits:
            row = _BY_ID.run(self.db, limit_id).fetchone()
            self._limits[limit_id] = None if row is None else _limit(row)
        return self._limits[limit_id]

    def admits(self, limits: Sequence[Limit], claim: Claim) -> bool:
        """Whether what a claim wants is free of all of them."""
        return all(
            admits(limit.capacity, self._bearing(limit, claim), claim.occupied, self.now, claim.key)
            for limit in limits
        )

    def free_at(self, limits: Sequence[Limit], claim: Claim) -> int | None:
        """When what a claim wants of all of them comes free by itself; None if that is never."""
        moments = [
            free_at(
                limit.capacity, self._bearing(limit, claim), claim.occupied, self.now, claim.key
            )
            for limit in limits
        ]
        return None if None in moments else max(filter(None, moments), default=None)

    def _bearing(self, limit: Limit, claim: Claim) -> Sequence[Held]:
        """What is held that bears on a claim: under other keys only where there is a total."""
        if limit.capacity.total is None:
            return self._held_of(limit, claim.key)
        return self._held(limit).rows

    def _held_of(self, limit: Limit, key: str) -> Sequence[Held]:
        """What is held of a limit under a key: one of thousands, it may be."""
        if (taken := self._taken.get(limit.id)) is not None:
            return taken.of(key)
        held = self._taken_of.get((limit.id, key))
        if held is None:
            rows = map(Held._make, _HELD_OF.run(self.db, limit.id, key, self.now))
            held = self._taken_of[limit.id, key] = list(rows)
        return held

    def _held(self, limit: Limit) -> Taken:
        """What is held of a limit now."""
        taken = self._taken.get(limit.id)
        if taken is None:
            rows = map(Held._make, _HELD.run(self.db, limit.id, self.now))
            taken = self._taken[limit.id] = Taken(rows)
        return taken

    # -- taking and giving back --------------------------------------------------------------------

    def take(self, limits: Sequence[Limit], claim: Claim) -> SlotAnswer:
        """Give the slots that a claim is about."""
        for limit in limits:
            since, until = self.now, self.now + claim.duration
            if limit.capacity.decay:
                own = self._held_of(limit, claim.key)
                since, until = drain(limit.capacity, own, claim.occupied, self.now, claim.key)
            row = (limit.id, claim.lease_id, claim.occupied, since, until)
            # Whoever asks again may have had them before, until that lease ended.
            _PUT_SLOT.run(self.db, *row, claim.client_id, claim.holder, claim.key)
            self._note(limit, Held(claim.occupied, since, until, claim.key))
        return granted(limits)

    def _note(self, limit: Limit, row: Held) -> None:
        """One more row is held, as far as what is held has been read."""
        if (taken := self._taken.get(limit.id)) is not None:
            taken.add(row)
        if (held := self._taken_of.get((limit.id, row.key))) is not None:
            held.append(row)

    def limits_held(self, lease_id: bytes) -> list[Limit]:
        """The limits of which a lease holds slots."""
        return self._all(row[0] for row in _LIMITS_OF_SLOT.run(self.db, lease_id, self.now))

    def forget(self, lease_id: bytes) -> tuple[list[Queue], bool]:
        """End a lease or a wait; where somebody may get on by it, and whether it was in force.

        Slots of a rate go on draining, as nobody's: whoever has the lease again asks for others.
        """
        slots = _ROWS_OF_SLOT.run(self.db, lease_id).fetchall()
        found = []
        for key, until, *row in slots:
            limit = self._limits[row[0]] = _limit(row)
            if not limit.capacity.decay:
                found.append((limit.id, key, until > self.now))
        if len(found) < len(slots):
            _LEAVE_TO_DRAIN.run(self.db, uuid_utils.uuid7().bytes, lease_id)
        if found:
            _DELETE_SLOT.run(self.db, lease_id)
        found += self._lines.leave(lease_id)
        for limit_id, key, _ in found:
            self._taken.pop(limit_id, None)
            self._taken_of.pop((limit_id, key), None)
        limits = [(self.limit(limit_id), key) for limit_id, key, _ in found]
        queues = [Queue(limit, key) for limit, key in limits if limit is not None]
        return queues, any(good for _, _, good in found)

    # -- standing in line --------------------------------------------------------------------------

    def stays_in_line(self, lease_id: bytes) -> bool:
        """Whether a claim has its place in line still; from now on for another while."""
        return self._lines.stay(lease_id)

    def limits_waited_for(self, lease_ids: Iterable[bytes]) -> list[Limit]:
        """The limits for which some of those in line wait."""
        listed = list(lease_ids)
        self._lines.ask_for(listed)
        return self._all({each for lease in listed for each in self._lines.waited_for(lease)})

    def admit(
        self, limits: Sequence[Limit], claim: Claim, *, waits: bool
    ) -> tuple[dict[UUID, SlotAnswer], int | None]:
        """Give what a claim wants if nobody comes before it; else let it wait, if it `waits`.

        Everybody who wants slots comes through here. Returns the answers to all who have got some
        by it, by lease, and when more may come free (`retry_at`).
        """
        if not self._lines.stay(claim.lease_id, claim.key):
            if self.admits(limits, claim) and self._is_clear(limits, claim.key):
                return {UUID(bytes=claim.lease_id): self.take(limits, claim)}, None
            if not waits:
                return {}, None
            self._lines.join([limit.id for limit in limits], claim)
            self._joined.update(limit.id for limit in limits)
        leads = all(self._leads(limit, claim) for limit in limits)
        if not leads or not self.admits(limits, claim):
            # Nobody gets on by this one's coming, and to ask all others would take its time.
            return {}, self.free_at(limits, claim)
        return self.serve(Queue(limit, claim.key) for limit in limits)

    def has_put_enough_in_line(self, limits: Iterable[Limit]) -> bool:
        """Whether one of them has no slot left for any key, and many were put in line for it.

        They are more than can get slots before anybody asks again, so that keys that do so each
        time keep none of the others out.
        """
        return any(
            limit.capacity.total is not None
            and self._joined[limit.id] >= limit.capacity.total + JOINING
            and not total_has_room(limit.capacity, self._held(limit).rows, 1, self.now)
            for limit in limits
        )

    def _is_clear(self, limits: Iterable[Limit], key: str) -> bool:
        """Whether nobody waits who comes before one with that key that comes now."""
        return all(
            self._lines.head(limit.id, key) is None
            and (limit.capacity.total is None or self._first(Queue(limit)) is None)
            for limit in limits
        )

    # -- whose turn it is --------------------------------------------------------------------------

    def serve(self, queues: Iterable[Queue]) -> tuple[dict[UUID, SlotAnswer], int | None]:
        """Give what is free to those whose turn it is; the answers by lease, and `retry_at`.

        Whoever gets slots of several limits makes way in all their lines.
        """
        served: dict[UUID, SlotAnswer] = {}
        moments: list[int] = []
        waiting = list(queues)
        while waiting:
            queue = waiting.pop()
            claim = self._next(queue)
            if claim is None:
                moments += self._moments(queue)
                continue
            wanted = self._wanted(claim)
            left = [queue, *(Queue(each, claim.key) for each in wanted)]
            if not all(fits(each.capacity, claim.occupied) for each in wanted):
                self._lines.leave(claim.lease_id)  # it asks again, and is told why
                waiting += left
            elif self.admits(wanted, claim):
                self._lines.leave(claim.lease_id)
                served[UUID(bytes=claim.lease_id)] = self.take(wanted, claim)
                for each in wanted:
                    self._lines.go_last(each.id, claim.key)
                waiting += left
            elif (moment := self.free_at(wanted, claim)) is not None:
                moments.append(moment)
        return served, min(moments, default=None)

    def _next(self, queue: Queue) -> Claim | None:
        """Who has to get slots next, so that whoever waits there gets on.

        Whoever is first there may have to wait for somebody who is first for another limit, and so
        on. Where they wait for one another, since lines take turns, the first to come is next.
        """
        claim, chain = self._first(queue), []
        while claim is not None and claim not in chain:
            chain.append(claim)
            firsts = [self._first(Queue(each, claim.key)) for each in self._wanted(claim)]
            ahead = [each for each in firsts if each is not None and each != claim]
            if not ahead:
                return claim
            claim = ahead[0]
        if claim is None:
            return None
        return min(chain[chain.index(claim) :], key=lambda each: each.place)

    def _first(self, queue: Queue) -> Claim | None:
        """The first in a limit's lines of those that nothing but others' keys can hold up."""
        return next((head for head in self._with_room(queue) if self._is_ready(head)), None)

    def _heads(self, queue: Queue) -> Collection[Claim]:
        """The heads of those lines of which one can get on by slots that come free there.

        Each key has slots of its own, so that it is that key's alone; but where there is a total,
        all keys share that.
        """
        limit, key = queue
        if key is None or limit.capacity.total is not None:
            return self._lines.heads(limit.id).values()
        head = self._lines.head(limit.id, key)
        return () if head is None else (head,)

    def _with_room(self, queue: Queue) -> Iterator[Claim]:
        """Those of the heads for which the limit has slots, or never will have."""
        if not (heads := self._heads(queue)):
            return
        limit = queue.limit
        if len(heads) > 1:
            self._held(limit)  # all at once
        # No more of them are looked at than are asked for: the first is ready, most often.
        roomy = (
            head
            for head in heads
            if self._has_room(limit, head) or not fits(limit.capacity, head.occupied)
        )
        while some := list(islice(roomy, TOGETHER)):
            self._lines.ask_for(head.lease_id for head in some)
            yield from some

    def _is_ready(self, claim: Claim) -> bool:
        """Whether it is first of its key for all its limits, and each has slots for the key."""
        return all(
            not fits(limit.capacity, claim.occupied) or self._leads(limit, claim)
            for limit in self._wanted(claim)
        )

    def _leads(self, limit: Limit, claim: Claim) -> bool:
        """Whether it is first of its key, and the limit has slots for the key."""
        if not self._has_room(limit, claim):
            return False
        head = self._lines.head(limit.id, claim.key)
        return head is not None and head.lease_id == claim.lease_id

    def _has_room(self, limit: Limit, claim: Claim) -> bool:
        """Whether a limit has slots for the key, whatever the total."""
        held = self._held_of(limit, claim.key)
        return has_room(limit.capacity, held, claim.occupied, self.now, claim.key)

    def _moments(self, queue: Queue) -> list[int]:
        """When the first of some line may get slots though nobody gives any back; or before."""
        roomy = {head.key: head for head in self._with_room(queue)}
        moments = [self.free_at(self._wanted(head), head) for head in roomy.values()]
        if full := [head for head in self._heads(queue) if head.key not in roomy]:
            moments.append(self._room_at(queue.limit, full))
        return [moment for moment in moments if moment is not None]

    def _room_at(self, limit: Limit, heads: Sequence[Claim]) -> int | None:
        """When, at the earliest, there is room for one of these."""
        each = limit.capacity._replace(total=None)
        moments = [
            free_at(each, self._held_of(limit, head.key), head.occupied, self.now, head.key)
            for head in heads
        ]
        moment = min((moment for moment in moments if moment is not None), default=None)
        if moment is None or limit.capacity.total is None:
            return moment
        least = min(head.occupied for head in heads)
        of_all = total_free_at(limit.capacity, self._held(limit).rows, least, self.now)
        return None if of_all is None else max(moment, of_all)

    def _wanted(self, claim: Claim) -> list[Limit]:
        """The limits for which one who stands in line waits."""
        return self._all(self._lines.waited_for(claim.lease_id))

    # -- reading -----------------------------------------------------------------------------------

    def _all(self, limit_ids: Iterable[bytes]) -> list[Limit]:
        limits = map(self.limit, sorted(limit_ids))
        return [limit for limit in limits if limit is not None]

    def _limit_named(self, name: str) -> Limit | None:
        if name not in self._named:
            row = _BY_NAME.run(self.db, name).fetchone()
            limit = self._named[name] = None if row is None else _limit(row)
            if limit is not None:
                self._limits[limit.id] = limit
        return self._named[name]


def _limit(row: Sequence[Any]) -> Limit:
    return Limit(row[0], row[1], capacity_of(*row[1:]))


def granted(limits: Sequence[Limit]) -> SlotAnswer:
    """The answer to who has got slots of these limits."""
    leased = any(limit.capacity.active and not limit.capacity.decay for limit in limits)
    return SlotAnswer(True, [limit.name for limit in limits], leased)
