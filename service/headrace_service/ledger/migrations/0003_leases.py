"""Concurrency limits, the slots taken of them and who waits; the processes that record.

A frozen copy of the models as they were, so that later changes of `models.py` do not change what
this step makes.
"""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class ConcurrencyLimit(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    slots = peewee.IntegerField()
    decay = peewee.DoubleField()
    active = peewee.BooleanField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "concurrency_limit"
        without_rowid = True


class Slot(peewee.Model):
    limit_id = IdField()
    lease_id = IdField()
    occupied = peewee.IntegerField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    client_id = IdField(null=True)
    holder = peewee.TextField()

    class Meta:
        legacy_table_names = False
        table_name = "slot"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "lease_id")
        indexes = ((("lease_id",), False),)


Slot.add_index(Slot.client_id, where=Slot.client_id.is_null(False))


class Waiter(peewee.Model):
    limit_id = IdField()
    place = peewee.BigIntegerField()
    lease_id = IdField()
    occupied = peewee.IntegerField()
    duration = peewee.BigIntegerField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    client_id = IdField(null=True)
    holder = peewee.TextField()

    class Meta:
        legacy_table_names = False
        table_name = "waiter"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "place")
        indexes = ((("lease_id",), False),)


class Process(peewee.Model):
    client_id = IdField(primary_key=True)
    host = peewee.TextField()
    pid = peewee.IntegerField()
    identity = peewee.TextField()
    direct = peewee.BooleanField()
    duration = peewee.BigIntegerField()
    until = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "process"
        without_rowid = True


TABLES = (ConcurrencyLimit, Slot, Waiter, Process)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
    kind = "BLOB" if isinstance(db, peewee.SqliteDatabase) else "UUID"
    db.execute_sql(f'ALTER TABLE "task_run" ADD COLUMN "client_id" {kind}')
