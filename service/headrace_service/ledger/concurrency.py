"""The verbs of concurrency limits: each is one transaction on rows that say all there is to know.

Slots are rows with a lease, so that what is free follows from what is there. Whoever finds none
free may stand in line; the slots that come free are given to the first in line by the transaction
that frees them, which is why nobody who comes later can pass. Who waits for several limits takes
nothing until it is first in each line and all are free, so that nobody holds one and waits for
another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import peewee

from headrace.records import SlotAnswer, SlotRequest
from headrace_service.admission import Capacity, Held, admits, drain, fits, free_at
from headrace_service.ledger.models import Slot, Waiter
from headrace_service.ledger.statements import Insert, Statement

#: Microseconds for which nobody hears of a waiter until it counts as gone.
WAITER_LEASE = 10_000_000

#: Ids in one `IN (…)`.
CHUNK = 500

_json = msgspec.json.Encoder()

# The hot statements; peewee would take longer to word them than SQLite to answer.
_INSERT_SLOT = Insert(Slot)
_INSERT_WAITER = Insert(Waiter)
_HELD = Statement(
    'SELECT "occupied", "since", "until" FROM "slot" WHERE "limit_id" = ? AND "until" > ?'
)
_FIRST_IN_LINE = Statement(
    'SELECT "place", "lease_id", "occupied", "duration", "client_id", "holder" FROM "waiter" '
    'WHERE "limit_id" = ? AND "until" > ? ORDER BY "place" LIMIT 1'
)
_LAST_PLACE = Statement('SELECT coalesce(max("place"), 0) FROM "waiter"')
_STAY_IN_LINE = Statement('UPDATE "waiter" SET "until" = ? WHERE "lease_id" = ?')
_LIMITS_OF_SLOT = Statement('SELECT "limit_id" FROM "slot" WHERE "lease_id" = ? AND "until" > ?')
_LIMITS_OF_SLOT_ROWS = Statement('SELECT "limit_id" FROM "slot" WHERE "lease_id" = ?')
_LIMITS_OF_WAITER = Statement('SELECT "limit_id" FROM "waiter" WHERE "lease_id" = ?')
_DELETE_SLOT = Statement('DELETE FROM "slot" WHERE "lease_id" = ?')
_DELETE_WAITER = Statement('DELETE FROM "waiter" WHERE "lease_id" = ?')
_RENEW = Statement(
    'UPDATE "slot" SET "until" = ? WHERE "lease_id" = ? AND "until" > ? AND "limit_id" IN '
    '(SELECT "id" FROM "concurrency_limit" WHERE "decay" = 0)'
)
_LIMIT_BY = {
    column: Statement(
        'SELECT "id", "name", "slots", "decay", "active" FROM "concurrency_limit" '
        f'WHERE "{column}" = ?'
    )
    for column in ("id", "name")
}

T = TypeVar("T")


class Outcome(NamedTuple):
    """What a verb did.

    `answer` is what was asked for. `granted` are the leases of others that got their slots by it.
    `retry_at` is when slots may come free though nobody gives any back (microseconds).
    """

    answer: Any
    granted: dict[UUID, SlotAnswer]
    retry_at: int | None = None


class _Limit(NamedTuple):
    id: bytes
    name: str
    capacity: Capacity


class _Claim(NamedTuple):
    """A lease that is to be: what it wants, as a row of slots or a place in line has it."""

    lease_id: bytes
    occupied: int
    duration: int
    client_id: bytes | None
    holder: str


class _Desk:
    """The limits that one transaction deals with, and what is taken of them."""

    def __init__(self, db: peewee.Database, now: int) -> None:
        self.now = now
        self._db = db
        self._limits: dict[bytes, _Limit] = {}
        self._held: dict[bytes, list[Held]] = {}

    def named(self, names: Iterable[str]) -> list[_Limit]:
        """Those of the limits that exist."""
        found = [self._by("name", name) for name in sorted(set(names))]
        return [limit for limit in found if limit is not None]

    def limit(self, limit_id: bytes) -> _Limit | None:
        """The limit of that id, unless it was deleted."""
        return self._limits.get(limit_id) or self._by("id", limit_id)

    def held(self, limit: _Limit) -> list[Held]:
        """The rows that hold slots of a limit now."""
        held = self._held.get(limit.id)
        if held is None:
            rows = _HELD.run(self._db, limit.id, self.now)
            held = self._held[limit.id] = [Held(*row) for row in rows]
        return held

    def admits(self, limits: Sequence[_Limit], occupy: int) -> bool:
        """Whether so many slots are free of all of them."""
        return all(admits(limit.capacity, self.held(limit), occupy, self.now) for limit in limits)

    def free_at(self, limits: Sequence[_Limit], occupy: int) -> int | None:
        """When so many slots of all of them come free by themselves; None if that is never."""
        moments = [free_at(limit.capacity, self.held(limit), occupy, self.now) for limit in limits]
        return None if None in moments else max(filter(None, moments), default=None)

    def take(self, limits: Sequence[_Limit], claim: _Claim) -> SlotAnswer:
        """Give the slots that a claim is about."""
        for limit in limits:
            since, until = self.now, self.now + claim.duration
            if limit.capacity.decay:
                held = self.held(limit)
                since, until = drain(limit.capacity, held, claim.occupied, self.now)
            row = (limit.id, claim.lease_id, claim.occupied, since, until)
            _INSERT_SLOT.run(self._db, *row, claim.client_id, claim.holder)
            self.held(limit).append(Held(claim.occupied, since, until))
        return _granted(limits)

    def first_in_line(self, limit: _Limit) -> tuple[int, _Claim] | None:
        """The place and the claim of who is to get the next slots of a limit."""
        row = _FIRST_IN_LINE.run(self._db, limit.id, self.now).fetchone()
        return None if row is None else (row[0], _Claim(*row[1:]))

    def stand_in_line(self, limits: Sequence[_Limit], claim: _Claim) -> None:
        """Put a claim at the end of the lines of its limits."""
        ((last,),) = _LAST_PLACE.run(self._db)
        for limit in limits:
            row = (limit.id, last + 1, claim.lease_id, claim.occupied, claim.duration)
            times = (self.now, self.now + WAITER_LEASE)
            _INSERT_WAITER.run(self._db, *row, *times, claim.client_id, claim.holder)

    def stays_in_line(self, lease_id: bytes) -> bool:
        """Whether a claim has its place in line still; from now on for another while."""
        until = self.now + WAITER_LEASE
        return bool(_STAY_IN_LINE.run(self._db, until, lease_id).rowcount)

    def limits_held(self, lease_id: bytes) -> list[_Limit]:
        """The limits of which a lease holds slots."""
        rows = _LIMITS_OF_SLOT.run(self._db, lease_id, self.now).fetchall()
        return self._all(row[0] for row in rows)

    def limits_waited_for(self, lease_id: bytes) -> list[_Limit]:
        """The limits in whose lines a claim stands."""
        rows = _LIMITS_OF_WAITER.run(self._db, lease_id).fetchall()
        return self._all(row[0] for row in rows)

    def forget(self, lease_id: bytes) -> list[_Limit]:
        """End a lease or a wait; the limits that it was about."""
        limits = []
        for ask, delete in (
            (_LIMITS_OF_SLOT_ROWS, _DELETE_SLOT),
            (_LIMITS_OF_WAITER, _DELETE_WAITER),
        ):
            found = ask.run(self._db, lease_id).fetchall()
            if found:
                delete.run(self._db, lease_id)
                limits += self._all(row[0] for row in found)
        for limit in limits:
            self._held.pop(limit.id, None)
        return limits

    def leave_line(self, lease_id: bytes) -> None:
        """Take a claim out of the lines that it stands in."""
        _DELETE_WAITER.run(self._db, lease_id)

    def serve(self, limits: Iterable[_Limit]) -> tuple[dict[UUID, SlotAnswer], int | None]:
        """Give what is free to those who are first in line; the answers by lease, and `retry_at`.

        Whoever gets slots of several limits makes way in all their lines.
        """
        granted: dict[UUID, SlotAnswer] = {}
        moments: list[int] = []
        lines = list(limits)
        while lines:
            limit = lines.pop()
            first = self.first_in_line(limit)
            if first is None:
                continue
            place, claim = first
            wanted = self.limits_waited_for(claim.lease_id)
            if not all(fits(each.capacity, claim.occupied) for each in wanted):
                self.leave_line(claim.lease_id)  # it asks again, and is told why
                lines += wanted
            elif not self._is_first(place, wanted):
                continue
            elif self.admits(wanted, claim.occupied):
                self.leave_line(claim.lease_id)
                granted[UUID(bytes=claim.lease_id)] = self.take(wanted, claim)
                lines += wanted
            elif (moment := self.free_at(wanted, claim.occupied)) is not None:
                moments.append(moment)
        return granted, min(moments, default=None)

    def _is_first(self, place: int, limits: Sequence[_Limit]) -> bool:
        firsts = (self.first_in_line(limit) for limit in limits)
        return all(first is None or first[0] >= place for first in firsts)

    def _all(self, limit_ids: Iterable[bytes]) -> list[_Limit]:
        limits = [self.limit(limit_id) for limit_id in sorted(limit_ids)]
        return [limit for limit in limits if limit is not None]

    def _by(self, column: str, value: object) -> _Limit | None:
        row = _LIMIT_BY[column].run(self._db, value).fetchone()
        if row is None:
            return None
        limit = _Limit(row[0], row[1], Capacity(row[2], row[3], bool(row[4])))
        self._limits[limit.id] = limit
        return limit


def acquire(db: peewee.Database, request: SlotRequest, now: int) -> Outcome:
    """Take the slots that are asked for, or take a place in line; the answer is a `SlotAnswer`."""
    desk = _Desk(db, now)
    lease_id = request.lease_id.bytes
    limits = desk.named(request.names)
    if held := desk.limits_held(lease_id):  # asked before, and the answer was lost
        return Outcome(_granted(held), {})
    active = [limit for limit in limits if limit.capacity.active]
    if (refusal := _refusal(active, request)) is not None:
        served, retry_at = desk.serve(desk.forget(lease_id))
        return Outcome(SlotAnswer(False, refused=refusal), served, retry_at)
    if not active:
        return Outcome(_granted(limits), {})
    claim = _Claim(
        lease_id,
        request.occupy,
        round(request.lease_seconds * 1_000_000),
        None if request.client_id is None else request.client_id.bytes,
        _json.encode(request.holder).decode(),
    )
    if not desk.stays_in_line(lease_id):
        nobody_waits = all(desk.first_in_line(limit) is None for limit in active)
        if nobody_waits and desk.admits(active, request.occupy):
            return Outcome(desk.take(active, claim), {})
        if not request.wait:
            return Outcome(SlotAnswer(False), {})
        desk.stand_in_line(active, claim)
    served, retry_at = desk.serve(active)
    return Outcome(served.pop(request.lease_id, SlotAnswer(False)), served, retry_at)


def release(db: peewee.Database, lease_ids: Iterable[UUID], now: int) -> Outcome:
    """Give back what leases hold, or their places in line; the answer is how many there were."""
    desk = _Desk(db, now)
    freed = [desk.forget(lease_id.bytes) for lease_id in lease_ids]
    served, retry_at = desk.serve(limit for limits in freed for limit in limits)
    return Outcome(sum(map(bool, freed)), served, retry_at)


def renew(db: peewee.Database, leases: Iterable[tuple[UUID, float]], now: int) -> Outcome:
    """Let leases last for so many seconds from now on; the answer are those that have ended.

    A lease that has ended is not revived: its slots may be another's.
    """
    lost = []
    for lease_id, seconds in leases:
        until = now + round(seconds * 1_000_000)
        if not _RENEW.run(db, until, lease_id.bytes, now).rowcount:
            lost.append(lease_id)
    return Outcome(lost, {})


def refresh(db: peewee.Database, lease_ids: Sequence[UUID], now: int) -> Outcome:
    """Tell that these wait still, and serve their lines; the answer are those without a place.

    Those have been given their slots, or the limit is gone: they are to ask again.
    """
    desk = _Desk(db, now)
    placeless = [each for each in lease_ids if not desk.stays_in_line(each.bytes)]
    waited_for = {
        limit.id: limit for each in lease_ids for limit in desk.limits_waited_for(each.bytes)
    }
    served, retry_at = desk.serve(waited_for.values())
    return Outcome(placeless, served, retry_at)


def placeless(db: peewee.Database, lease_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these have no place in line: they were given their slots, or the limit is gone."""
    found: set[UUID] = set()
    for start in range(0, len(lease_ids), CHUNK):
        chunk = list(lease_ids[start : start + CHUNK])
        query = Waiter.select(Waiter.lease_id).where(Waiter.lease_id.in_(chunk))
        found.update(lease_id for (lease_id,) in query.tuples().execute(db))
    return [each for each in lease_ids if each not in found]


def serve_limit(db: peewee.Database, limit_id: UUID, answer: T, now: int) -> Outcome:
    """Give what is free of a limit to those who wait, after it was changed; answers `answer`."""
    desk = _Desk(db, now)
    limit = desk.limit(limit_id.bytes)
    served, retry_at = desk.serve([] if limit is None else [limit])
    return Outcome(answer, served, retry_at)


def free_slots_of(db: peewee.Database, client_ids: Sequence[UUID], now: int) -> Outcome:
    """Free the slots and the places in line of processes that have ended; answers how many."""
    lease_ids: set[UUID] = set()
    for model in (Slot, Waiter):
        query = model.select(model.lease_id).where(model.client_id.in_(list(client_ids)))
        lease_ids.update(lease_id for (lease_id,) in query.tuples().execute(db))
    return release(db, lease_ids, now)


def has_lapsed(db: peewee.Database, now: int) -> bool:
    """Whether there is anything for `sweep` to do."""
    return any(model.select().where(model.until <= now).exists(db) for model in (Slot, Waiter))


def sweep(db: peewee.Database, now: int) -> Outcome:
    """Delete the slots whose lease has ended and those who wait no more; answers how many rows."""
    ended: set[UUID] = set()
    count = 0
    for model in (Slot, Waiter):
        rows = model.select(model.limit_id).where(model.until <= now).distinct().tuples()
        ended.update(limit_id for (limit_id,) in rows.execute(db))
        count += model.delete().where(model.until <= now).execute(db)
    desk = _Desk(db, now)
    limits = (desk.limit(limit_id.bytes) for limit_id in ended)
    served, retry_at = desk.serve([limit for limit in limits if limit is not None])
    return Outcome(count, served, retry_at)


def _granted(limits: Sequence[_Limit]) -> SlotAnswer:
    leased = any(limit.capacity.active and not limit.capacity.decay for limit in limits)
    return SlotAnswer(True, [limit.name for limit in limits], leased)


def _refusal(limits: Sequence[_Limit], request: SlotRequest) -> str | None:
    """Why a request can never be granted, in the words that Prefect's users know."""
    if not all(fits(limit.capacity, request.occupy) for limit in limits):
        return "Slots requested is greater than the limit"
    lasting = [limit.name for limit in limits if not limit.capacity.decay]
    if request.rate_limited and lasting:
        return (
            "Only concurrency limits with slot decay can be used for rate limiting. The following "
            f"limits do not have a decay configured: {','.join(lasting)!r}"
        )
    return None
