"""Orders of flow runs, revisions of what is edited, and keys under which a thing is made once."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class FlowRun(peewee.Model):
    """The columns that the new indexes are about."""

    id = IdField(primary_key=True)
    name = peewee.TextField()
    created_at = peewee.BigIntegerField()
    start_time = peewee.BigIntegerField(null=True)
    end_time = peewee.BigIntegerField(null=True)
    scheduled_time = peewee.BigIntegerField(null=True)
    work_queue_id = IdField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "flow_run"


FlowRun.add_index(FlowRun.name, FlowRun.id, name="flow_run_by_name")
FlowRun.add_index(FlowRun.start_time, FlowRun.id, name="flow_run_by_start")
FlowRun.add_index(FlowRun.end_time, FlowRun.id, name="flow_run_by_end")
FlowRun.add_index(FlowRun.end_time - FlowRun.start_time, FlowRun.id, name="flow_run_by_duration")
FlowRun.add_index(
    peewee.fn.COALESCE(FlowRun.scheduled_time, FlowRun.created_at),
    FlowRun.id,
    name="flow_run_by_due",
)
FlowRun.add_index(
    FlowRun.work_queue_id,
    FlowRun.id,
    name="flow_run_by_queue",
    where=FlowRun.work_queue_id.is_null(False),
)


class MadeOnce(peewee.Model):
    operation = peewee.TextField()
    key = peewee.TextField()
    request = peewee.TextField()
    made_id = IdField()
    at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "made_once"
        primary_key = peewee.CompositeKey("operation", "key")
        indexes = ((("at",), False),)


EDITED = (
    "deployment",
    "schedule",
    "variable",
    "artifact",
    "block",
    "work_pool",
    "work_queue",
    "concurrency_limit",
)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([FlowRun, MadeOnce]):
        db.create_tables([MadeOnce])
        FlowRun._schema.create_indexes()
    for table in EDITED:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 1')
