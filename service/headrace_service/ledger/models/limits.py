"""Concurrency limits, who holds their slots, and who waits for some."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table, revision_column


class ConcurrencyLimit(Table):
    """How many slots may be taken at once under a name: so many for each key, `total` for all keys.

    With `decay` above 0, slots come back by themselves, so many a second. A limit that is not
    `active` lets everybody pass.
    """

    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    slots = peewee.IntegerField()
    decay = peewee.DoubleField()
    active = peewee.BooleanField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()
    total = peewee.IntegerField(null=True)

    class Meta:
        table_name = "concurrency_limit"
        without_rowid = True


class Slot(Table):
    """Slots of one limit that a lease holds, `occupied` of them, from `since` until `until`.

    A lease over several limits is a row of each. `holder` is JSON (`headrace.records.SlotHolder`);
    `client_id` is there when the slots are to end with the process that has this stream. `key` is
    whose share of the limit they are of; empty for those who name none.
    """

    limit_id = IdField()
    lease_id = IdField()
    occupied = peewee.IntegerField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    client_id = IdField(null=True)
    holder = peewee.TextField()
    key = peewee.TextField(constraints=[peewee.SQL("DEFAULT ''")])

    class Meta:
        table_name = "slot"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "lease_id")
        indexes = ((("lease_id",), False),)


Slot.add_index(Slot.client_id, where=Slot.client_id.is_null(False))


class Waiter(Table):
    """Who waits for slots of a limit: those with the same key in the order of `rank` and `place`.

    `rank` is when it came, less the head start that its priority gives it. One who waits for
    several limits has a row of each, with the same place. `until` is when it counts as gone unless
    it is heard of; `duration` is that of the lease it wants, the rest are as in `Slot`.
    """

    limit_id = IdField()
    place = peewee.BigIntegerField()
    lease_id = IdField()
    occupied = peewee.IntegerField()
    duration = peewee.BigIntegerField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    client_id = IdField(null=True)
    holder = peewee.TextField()
    key = peewee.TextField(constraints=[peewee.SQL("DEFAULT ''")])
    rank = peewee.BigIntegerField(constraints=[peewee.SQL("DEFAULT 0")])

    class Meta:
        table_name = "waiter"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "place")
        indexes = (
            (("lease_id",), False),
            (("limit_id", "key", "rank", "place"), False),
            (("place",), False),
        )


class Line(Table):
    """Those with one key who wait for a limit; the lines of a limit are served in turn.

    The one with the lowest `turn` is next; whoever was served goes behind all others.
    """

    limit_id = IdField()
    key = peewee.TextField()
    turn = peewee.BigIntegerField()

    class Meta:
        table_name = "line"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "key")
