"""Automations, and what their triggers have counted."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Automation(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    enabled = peewee.BooleanField()
    tags = peewee.TextField()
    trigger = peewee.TextField()
    actions = peewee.TextField()
    actions_on_trigger = peewee.TextField()
    owner = peewee.TextField(null=True)
    after = peewee.BigIntegerField()
    fired_at = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 1")])

    class Meta:
        legacy_table_names = False
        table_name = "automation"
        without_rowid = True
        indexes = ((("name",), False),)


Automation.add_index(Automation.owner, where=Automation.owner.is_null(False))


class TriggerCount(peewee.Model):
    automation_id = IdField()
    path = peewee.TextField()
    key = peewee.TextField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    number = peewee.IntegerField()
    wakes_at = peewee.BigIntegerField(null=True)
    event = peewee.TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "trigger_count"
        primary_key = peewee.CompositeKey("automation_id", "path", "key")


TriggerCount.add_index(TriggerCount.wakes_at, where=TriggerCount.wakes_at.is_null(False))


class TriggerFiring(peewee.Model):
    automation_id = IdField()
    path = peewee.TextField()
    at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "trigger_firing"
        primary_key = peewee.CompositeKey("automation_id", "path")


class LoopCursor(peewee.Model):
    loop = peewee.TextField(primary_key=True)
    seq = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "loop_cursor"


TABLES = (Automation, TriggerCount, TriggerFiring, LoopCursor)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
