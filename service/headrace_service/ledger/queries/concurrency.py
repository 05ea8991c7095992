"""Concurrency limits, in the order of their names; who holds their slots, and who waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import SlotHolder, now_micros
from headrace_service.admission import Capacity, Held, taken
from headrace_service.ledger.models import ConcurrencyLimit, Line, Slot, Waiter
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset

#: Holders or waiters that are told of one limit at most.
MOST = 200


class LimitRow(msgspec.Struct, frozen=True):
    """A limit. Times are in microseconds since 1970 UTC."""

    id: UUID
    name: str
    slots: int
    decay: float
    active: bool
    created_at: int
    updated_at: int
    total: int | None
    revision: int


class ClaimRow(msgspec.Struct, frozen=True):
    """Who holds slots of a limit, or waits for some."""

    lease_id: UUID
    occupied: int
    since: int
    until: int
    key: str
    holder: SlotHolder


_COLUMNS = [getattr(ConcurrencyLimit, name) for name in LimitRow.__struct_fields__]

_holder = msgspec.json.Decoder(SlotHolder).decode


def page_of_limits(
    db: peewee.Database,
    page: Page,
    name_contains: str | None = None,
    active: bool | None = None,
) -> Slice[LimitRow]:
    """A page of the limits, by name."""
    query = ConcurrencyLimit.select(*_COLUMNS)
    if name_contains:
        query = query.where(ConcurrencyLimit.name.contains(name_contains))
    if active is not None:
        query = query.where(ConcurrencyLimit.active == active)
    query = keyset(query, ConcurrencyLimit.name, page, newest_first=False)
    rows = [LimitRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))


def limits_by_id(db: peewee.Database, ids: Sequence[UUID]) -> list[LimitRow | None]:
    """The limit of each id; None where there is none."""
    query = ConcurrencyLimit.select(*_COLUMNS).where(ConcurrencyLimit.id.in_(list(ids)))
    found = {row[0]: LimitRow(*row) for row in query.tuples().execute(db)}
    return [found.get(limit_id) for limit_id in ids]


def limit_by_name(db: peewee.Database, name: str) -> LimitRow | None:
    """The limit of that name, if there is one."""
    query = ConcurrencyLimit.select(*_COLUMNS).where(ConcurrencyLimit.name == name)
    return next((LimitRow(*row) for row in query.tuples().execute(db)), None)


def slots_taken(db: peewee.Database, limits: Sequence[LimitRow]) -> list[float]:
    """How many slots of each limit are taken now."""
    now = now_micros()
    columns = (Slot.limit_id, Slot.occupied, Slot.since, Slot.until)
    ids = [limit.id for limit in limits]
    query = Slot.select(*columns).where(Slot.limit_id.in_(ids), Slot.until > now)
    held: dict[UUID, list[Held]] = {}
    for limit_id, *row in query.tuples().execute(db):
        held.setdefault(limit_id, []).append(Held(*row))
    return [
        taken(Capacity(limit.slots, limit.decay, limit.active), held.get(limit.id, ()), now)
        for limit in limits
    ]


def holders(db: peewee.Database, limit_ids: Sequence[UUID]) -> list[list[ClaimRow]]:
    """Who holds slots of each limit, longest first."""
    found = _claims(db, Slot, limit_ids, lambda slot: (slot.since,))
    return [found[limit_id] for limit_id in limit_ids]


def waiters(db: peewee.Database, limit_ids: Sequence[UUID]) -> list[list[ClaimRow]]:
    """Who waits for slots of each limit, in the order in which they will get them.

    The lines of a limit's keys take turns: the firsts of all lines come before the seconds.
    """
    query = Line.select(Line.limit_id, Line.key, Line.turn).where(
        Line.limit_id.in_(list(limit_ids))
    )
    turns = {(limit_id, key): turn for limit_id, key, turn in query.tuples().execute(db)}
    found = _claims(db, Waiter, limit_ids, lambda waiter: (waiter.rank, waiter.place))
    return [_in_turn(found[limit_id], limit_id, turns) for limit_id in limit_ids]


def _in_turn(
    rows: Sequence[ClaimRow], limit_id: UUID, turns: Mapping[tuple[UUID, str], int]
) -> list[ClaimRow]:
    seen: Counter[str] = Counter()
    places: dict[UUID, tuple[int, int]] = {}
    for row in rows:
        places[row.lease_id] = (seen[row.key], turns.get((limit_id, row.key), 0))
        seen[row.key] += 1
    return sorted(rows, key=lambda row: places[row.lease_id])


def _claims(
    db: peewee.Database,
    model: type[Slot] | type[Waiter],
    limit_ids: Sequence[UUID],
    order: Callable[[Any], tuple[Any, ...]],
) -> dict[UUID, list[ClaimRow]]:
    """The first claims on each limit, in an order."""
    parent: Any = ConcurrencyLimit.alias("parent")
    one: Any = model.alias("one")
    first = one.select(one.lease_id).where(one.limit_id == parent.id, one.until > now_micros())
    first = first.order_by(*order(one)).limit(MOST)
    columns = (model.lease_id, model.occupied, model.since, model.until, model.key, model.holder)
    claimed = (model.limit_id == parent.id) & model.lease_id.in_(first)
    query: Any = parent.select(parent.id, *columns).join(model, on=claimed)
    query = query.where(parent.id.in_(list(limit_ids))).order_by(*order(model))
    found: dict[UUID, list[ClaimRow]] = {limit_id: [] for limit_id in limit_ids}
    for limit_id, lease_id, occupied, since, until, key, holder in query.tuples().execute(db):
        claim = ClaimRow(lease_id, occupied, since, until, key, _holder(holder))
        found[limit_id].append(claim)
    return found
