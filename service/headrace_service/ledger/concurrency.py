"""The verbs of concurrency limits: each is one transaction on rows that say all there is to know.

Slots are rows with a lease, so that what is free follows from what is there. Whoever finds none
free may stand in line; the slots that come free are given to those whose turn it is by the
transaction that frees them, which is why nobody who comes later can pass: see `desk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import peewee

from headrace.records import SlotAnswer, SlotHolder, SlotRequest, now_micros
from headrace_service.admission import SECOND, fits
from headrace_service.ledger.desk import LASTING, Desk, Limit, Queue, granted
from headrace_service.ledger.lines import WAITER_LEASE, Claim, end_empty_lines
from headrace_service.ledger.models import ConcurrencyLimit, Slot, Waiter
from headrace_service.ledger.notices import tell_given_slots
from headrace_service.ledger.statements import Statement, portions

__all__ = [
    "WAITER_LEASE",
    "Outcome",
    "acquire",
    "free_slots_of",
    "has_lapsed",
    "lengthen",
    "placeless",
    "processes_of_slots",
    "refresh",
    "release",
    "release_runs",
    "renew",
    "serve_limit",
    "sweep",
]

_RENEW = Statement(
    f'UPDATE "slot" SET "until" = ? WHERE "lease_id" = ? AND "until" > ? AND {LASTING}'
)

_LENGTHEN = Statement(
    f'UPDATE "slot" SET "until" = "until" + ? WHERE "until" > ? AND "until" <= ? AND {LASTING}'
)

_json = msgspec.json.Encoder()
_holder = msgspec.json.Decoder(SlotHolder).decode

T = TypeVar("T")


class Outcome(NamedTuple):
    """What a verb did.

    `answer` is what was asked for. `granted` are the leases of others that got their slots by it.
    `retry_at` is when slots may come free though nobody gives any back (microseconds).
    """

    answer: Any
    granted: dict[UUID, SlotAnswer]
    retry_at: int | None = None


def acquire(db: peewee.Database, request: SlotRequest, now: int) -> Outcome:
    """Take the slots that are asked for, or take a place in line; the answer is a `SlotAnswer`."""
    desk = Desk(db, now)
    lease_id = request.lease_id.bytes
    limits = desk.named(request.names)
    if held := desk.limits_held(lease_id):  # asked before: who hears of it only now has it from now
        renew(db, [(request.lease_id, request.lease_seconds)], now)
        return Outcome(granted(held), {})
    active = [limit for limit in limits if limit.capacity.active]
    if (refusal := _refusal(active, request)) is not None:
        served, retry_at = desk.serve(desk.forget(lease_id)[0])
        return _given(db, refusal, served, retry_at)
    if not active:
        return Outcome(granted(limits), {})
    claim = Claim(
        lease_id,
        request.occupy,
        round(request.lease_seconds * SECOND),
        None if request.client_id is None else request.client_id.bytes,
        _json.encode(request.holder).decode(),
        request.key,
        now - round(request.priority * SECOND),
    )
    served, retry_at = desk.admit(active, claim, waits=request.wait)
    answer = served.pop(request.lease_id, SlotAnswer(False))
    return _given(db, answer, served, retry_at)


def release(db: peewee.Database, lease_ids: Iterable[UUID], now: int) -> Outcome:
    """Give back what leases hold, or their places in line.

    The answer are those of them that were in force: others may have had what one held that was not.
    """
    desk = Desk(db, now)
    freed = {lease_id: desk.forget(lease_id.bytes) for lease_id in lease_ids}
    served, retry_at = desk.serve(queue for queues, _ in freed.values() for queue in queues)
    in_force = [lease_id for lease_id, (_, was_in_force) in freed.items() if was_in_force]
    return _given(db, in_force, served, retry_at)


def release_runs(db: peewee.Database, lease_ids: Sequence[UUID]) -> None:
    """Give back what runs have that end, in the transaction that ends them."""
    if lease_ids:
        release(db, lease_ids, now_micros())


def renew(db: peewee.Database, leases: Iterable[tuple[UUID, float]], now: int) -> Outcome:
    """Let leases last for so many seconds from now on; the answer are those that have ended.

    A lease that has ended is not revived: its slots may be another's.
    """
    lost = []
    for lease_id, seconds in leases:
        until = now + round(seconds * SECOND)
        if not _RENEW.run(db, until, lease_id.bytes, now).rowcount:
            lost.append(lease_id)
    return Outcome(lost, {})


def refresh(db: peewee.Database, lease_ids: Sequence[UUID], now: int) -> Outcome:
    """Tell that these wait still, and serve their lines; the answer are those without a place.

    Those have been given their slots, or the limit is gone: they are to ask again.
    """
    desk = Desk(db, now)
    placeless = [each for each in lease_ids if not desk.stays_in_line(each.bytes)]
    waited_for = desk.limits_waited_for(each.bytes for each in lease_ids)
    served, retry_at = desk.serve(map(Queue, waited_for))
    return _given(db, placeless, served, retry_at)


def placeless(db: peewee.Database, lease_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these have no place in line: they were given their slots, or the limit is gone."""
    found: set[UUID] = set()
    for some in portions(lease_ids):
        query = Waiter.select(Waiter.lease_id).where(Waiter.lease_id.in_(some))
        found.update(lease_id for (lease_id,) in query.tuples().execute(db))
    return [each for each in lease_ids if each not in found]


def serve_limit(db: peewee.Database, limit_id: UUID, answer: T, now: int) -> Outcome:
    """Give what is free of a limit to those who wait, after it was changed; answers `answer`."""
    desk = Desk(db, now)
    limit = desk.limit(limit_id.bytes)
    served, retry_at = desk.serve([] if limit is None else [Queue(limit)])
    return _given(db, answer, served, retry_at)


def free_slots_of(db: peewee.Database, client_ids: Sequence[UUID], now: int) -> Outcome:
    """Free the slots and the places in line of processes that have ended; answers which."""
    lease_ids: set[UUID] = set()
    for model in (Slot, Waiter):
        query = model.select(model.lease_id).where(model.client_id.in_(list(client_ids)))
        lease_ids.update(lease_id for (lease_id,) in query.tuples().execute(db))
    return release(db, lease_ids, now)


def processes_of_slots(db: peewee.Database) -> dict[str, list[UUID]]:
    """The leases, and those who wait, that are no run's and end with a process, by its identity.

    Slots of a rate do not: they drain, whoever lives.
    """
    found: dict[str, list[UUID]] = {}
    held = Slot.select(Slot.lease_id, Slot.holder).join(
        ConcurrencyLimit, on=(ConcurrencyLimit.id == Slot.limit_id)
    )
    held = held.where(Slot.client_id.is_null(), ConcurrencyLimit.decay == 0)
    waiting = Waiter.select(Waiter.lease_id, Waiter.holder).where(Waiter.client_id.is_null())
    for query in (held, waiting):
        for lease_id, text in query.tuples().execute(db):
            identity = _holder(text).identity
            if identity is not None:
                found.setdefault(identity, []).append(lease_id)
    return found


def lengthen(db: peewee.Database, since: int, now: int) -> None:
    """The clock has gone on from `since` to `now` unseen: leases in force then are in force still.

    Their holders could not renew them, or the clock was set. Doing it twice changes nothing.
    """
    _LENGTHEN.run(db, now - since, since, now)


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
    for limit_id in ended:
        end_empty_lines(db, limit_id.bytes)
    desk = Desk(db, now)
    limits = (desk.limit(limit_id.bytes) for limit_id in ended)
    served, retry_at = desk.serve(Queue(limit) for limit in limits if limit is not None)
    return _given(db, count, served, retry_at)


def _given(
    db: peewee.Database, answer: Any, served: dict[UUID, SlotAnswer], retry_at: int | None
) -> Outcome:
    """The outcome of a verb by which others got slots: runs among them are told of to workers."""
    tell_given_slots(db, served)
    return Outcome(answer, served, retry_at)


def _refusal(limits: Sequence[Limit], request: SlotRequest) -> SlotAnswer | None:
    """Why a request can never be granted, in the words that Prefect's users know."""
    for limit in limits:
        if not fits(limit.capacity, request.occupy):
            reason = "Slots requested is greater than the limit"
            return SlotAnswer(False, refused=reason, mend=_mend(limit, request.occupy))
    lasting = [limit.name for limit in limits if not limit.capacity.decay]
    if request.rate_limited and lasting:
        reason = (
            "Only concurrency limits with slot decay can be used for rate limiting. The following "
            f"limits do not have a decay configured: {','.join(lasting)!r}"
        )
        return SlotAnswer(False, refused=reason)
    return None


def _mend(limit: Limit, occupy: int) -> str:
    """What can be done about a limit that has not as many slots as are asked for."""
    slots, total = limit.capacity.slots, limit.capacity.total
    if occupy > slots:
        has, option = f"has {slots} slot{'' if slots == 1 else 's'}", str(occupy)
    else:
        has, option = f"has a total of {total} for all keys", f"{slots} --total {occupy}"
    fewer = "ask for fewer, or " if occupy > 1 else ""
    return (
        f"Concurrency limit {limit.name!r} {has}, and {occupy} are asked for: {fewer}raise it with "
        f"`headrace concurrency-limit update {limit.name} {option}`."
    )
