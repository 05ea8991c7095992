"""How far deletion has come, and what was made under idempotency keys."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table


class Retention(Table):
    """How far the deletion of what is old has come, by kind: "event", "log", "run", …

    `deleted_to` is the greatest `seq` that was deleted: whoever has seen less than that has missed
    something; of the kind "stream" it is a moment, in microseconds: of streams that began before,
    what was taken may be forgotten. `looked_to` is the `seq` up to which all was looked at;
    what is left is looked at again, and up to `again_to` it was. `deleted` counts all that ever
    went; `swept_at` is when everything that was due was gone, in microseconds.
    """

    kind = peewee.TextField(primary_key=True)
    deleted_to = peewee.BigIntegerField()
    looked_to = peewee.BigIntegerField()
    deleted = peewee.BigIntegerField()
    swept_at = peewee.BigIntegerField(null=True)
    again_to = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "retention"


class Deletion(Table):
    """A flow run that is deleted, while there are rows left of what hung on it."""

    flow_run_id = IdField(primary_key=True)

    class Meta:
        table_name = "deletion"


class MadeOnce(Table):
    """What was made under an idempotency key, so that asking again makes nothing.

    `request` is a digest of what was asked for under it.
    """

    operation = peewee.TextField()
    key = peewee.TextField()
    request = peewee.TextField()
    made_id = IdField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "made_once"
        primary_key = peewee.CompositeKey("operation", "key")
        indexes = ((("at",), False),)
