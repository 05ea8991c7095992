"""What is given to flow runs while they run."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class FlowRunInput(peewee.Model):
    flow_run_id = IdField()
    key = peewee.TextField()
    value = peewee.TextField()
    sender = peewee.TextField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "flow_run_input"
        without_rowid = True
        primary_key = peewee.CompositeKey("flow_run_id", "key")


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([FlowRunInput]):
        db.create_tables([FlowRunInput])
