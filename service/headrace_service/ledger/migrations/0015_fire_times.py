"""The time of its schedule that a run was made for stands apart from when it is due, which a retry
changes: else two runs could come to the same time, and a backfill would make one for it anew."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class FlowRun(peewee.Model):
    """The columns that the new index is about."""

    schedule_id = IdField(null=True)
    fire_time = peewee.BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "flow_run"


FlowRun.add_index(
    FlowRun.schedule_id,
    FlowRun.fire_time,
    unique=True,
    where=FlowRun.schedule_id.is_null(False),
)
_STEPS = (
    'ALTER TABLE "flow_run" ADD COLUMN "fire_time" {long}',
    'UPDATE "flow_run" SET "fire_time" = "scheduled_time" WHERE "schedule_id" IS NOT NULL',
    'DROP INDEX "flow_run_schedule_id_scheduled_time"',
)


def up(migrator: Any, db: peewee.Database) -> None:
    long = "INTEGER" if isinstance(db, peewee.SqliteDatabase) else "BIGINT"
    for statement in _STEPS:
        db.execute_sql(statement.format(long=long))
    with db.bind_ctx([FlowRun]):
        FlowRun._schema.create_indexes()
