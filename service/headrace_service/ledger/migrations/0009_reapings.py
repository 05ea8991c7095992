"""When processes were taken for dead, so that a guess can be told from what a run said."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Reaping(peewee.Model):
    client_id = IdField()
    at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "reaping"
        without_rowid = True
        primary_key = peewee.CompositeKey("client_id", "at")


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([Reaping]):
        db.create_tables([Reaping])
