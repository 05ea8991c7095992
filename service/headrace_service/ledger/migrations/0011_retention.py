"""How far retention has come, and flow runs of which not everything is deleted yet."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Retention(peewee.Model):
    kind = peewee.TextField(primary_key=True)
    deleted_to = peewee.BigIntegerField()
    looked_to = peewee.BigIntegerField()
    deleted = peewee.BigIntegerField()
    swept_at = peewee.BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "retention"


class Deletion(peewee.Model):
    flow_run_id = IdField(primary_key=True)

    class Meta:
        legacy_table_names = False
        table_name = "deletion"


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([Retention, Deletion]):
        db.create_tables([Retention, Deletion])
