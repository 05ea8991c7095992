"""Making, changing and deleting concurrency limits; those who wait are served by each change."""

from __future__ import annotations

from uuid import UUID

import msgspec
import peewee
import uuid_utils.compat as uuids

from headrace_service.admission import Capacity, Held, drain
from headrace_service.ledger.concurrency import Outcome, release, serve_limit
from headrace_service.ledger.desk import Desk
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import ConcurrencyLimit, Slot, Waiter
from headrace_service.ledger.revisions import revise


class LimitValues(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a limit is to be like; None leaves it as it is, or at 1 slot, active, no decay.

    A `total` of 0 is none: any number of keys may have their slots at once.
    """

    slots: int | None = None
    decay: float | None = None
    active: bool | None = None
    total: int | None = None


def create_limit(
    db: peewee.Database,
    name: str,
    values: LimitValues,
    now: int,
    idempotency_key: str | None = None,
) -> Outcome:
    """Make a limit; answers its id, or None when there is one of that name.

    One that was made under the same idempotency key is answered once more.

    Raises:
        Conflict: something else was made under that key.
    """
    once = Once("createConcurrencyLimit", idempotency_key, (name, values))
    if (made := once.made(db)) is not None:
        return Outcome(made, {})
    if _id_of(db, name) is not None:
        return Outcome(None, {})
    limit_id = uuids.uuid7()
    ConcurrencyLimit.insert(
        id=limit_id,
        name=name,
        slots=1 if values.slots is None else values.slots,
        decay=values.decay or 0.0,
        active=values.active is not False,
        total=values.total or None,
        created_at=now,
        updated_at=now,
    ).execute(db)
    once.note(db, limit_id)
    return Outcome(limit_id, {})


def update_limit(
    db: peewee.Database, name: str, values: LimitValues, now: int, expected: int | None = None
) -> Outcome:
    """Change a limit; answers its id, or None when there is none of that name.

    Lowering it below what is held takes nothing from anybody: it is given on to nobody until
    enough has been given back. What is held of one that becomes a rate drains from now on.

    Raises:
        Conflict: it is not at the revision that is expected.
    """
    limit_id = _id_of(db, name)
    if limit_id is None:
        return Outcome(None, {})
    revise(db, ConcurrencyLimit, limit_id, f"concurrency limit {name!r}", expected)
    changes = {
        key: value for key, value in msgspec.structs.asdict(values).items() if value is not None
    }
    if values.total == 0:
        changes["total"] = None
    before = Desk(db, now).limit(limit_id.bytes)
    ConcurrencyLimit.update(**changes, updated_at=now).where(
        ConcurrencyLimit.id == limit_id
    ).execute(db)
    if values.decay and before is not None and not before.capacity.decay:
        _begin_to_drain(db, limit_id, before.capacity._replace(decay=values.decay), now)
    return serve_limit(db, limit_id, limit_id, now)


def _begin_to_drain(db: peewee.Database, limit_id: UUID, capacity: Capacity, now: int) -> None:
    """Let what is held come back one row after the other: nobody gives back slots of a rate."""
    query = Slot.select(Slot.lease_id, Slot.occupied, Slot.key).where(
        Slot.limit_id == limit_id, Slot.until > now
    )
    held: list[Held] = []
    for lease_id, occupied, key in list(query.tuples().execute(db)):
        since, until = drain(capacity, held, occupied, now, key)
        held.append(Held(occupied, since, until, key))
        Slot.update(since=since, until=until).where(
            Slot.limit_id == limit_id, Slot.lease_id == lease_id
        ).execute(db)


def delete_limit(db: peewee.Database, name: str, now: int) -> Outcome:
    """Delete a limit; answers its id, or None. Who waits for it goes on without it."""
    limit_id = _id_of(db, name)
    if limit_id is None:
        return Outcome(None, {})
    waiting = Waiter.select(Waiter.lease_id).where(Waiter.limit_id == limit_id).tuples()
    # Out of all its lines: it asks again, and is told that the limit is gone.
    freed = release(db, [lease_id for (lease_id,) in waiting.execute(db)], now)
    Slot.delete().where(Slot.limit_id == limit_id).execute(db)
    ConcurrencyLimit.delete().where(ConcurrencyLimit.id == limit_id).execute(db)
    return freed._replace(answer=limit_id)


def reset_limit(db: peewee.Database, name: str, now: int) -> Outcome:
    """Free all slots of a limit, whoever holds them; answers its id, or None.

    Holders whose lease is taken that way learn of it when they renew it.
    """
    limit_id = _id_of(db, name)
    if limit_id is None:
        return Outcome(None, {})
    Slot.delete().where(Slot.limit_id == limit_id).execute(db)
    return serve_limit(db, limit_id, limit_id, now)


def _id_of(db: peewee.Database, name: str) -> UUID | None:
    query = ConcurrencyLimit.select(ConcurrencyLimit.id).where(ConcurrencyLimit.name == name)
    return next((limit_id for (limit_id,) in query.tuples().execute(db)), None)
