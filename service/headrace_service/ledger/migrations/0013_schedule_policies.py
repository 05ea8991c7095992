"""What becomes of runs of a schedule that meet, or begin late, and of runs whose process dies; what
workers say of themselves."""

from __future__ import annotations

from typing import Any

import peewee

_COLUMNS = (
    """ALTER TABLE "schedule" ADD COLUMN "overlap" TEXT NOT NULL DEFAULT 'ALLOW'""",
    'ALTER TABLE "schedule" ADD COLUMN "start_deadline" {long}',
    'ALTER TABLE "schedule" ADD COLUMN "catchup_max" INTEGER',
    'ALTER TABLE "schedule" ADD COLUMN "catchup_window" {long}',
    'ALTER TABLE "worker" ADD COLUMN "capacity" INTEGER',
    'ALTER TABLE "worker" ADD COLUMN "deployment_ids" TEXT',
    'ALTER TABLE "deployment" ADD COLUMN "retries" INTEGER NOT NULL DEFAULT 0',
    """ALTER TABLE "deployment" ADD COLUMN "retry_delays" TEXT NOT NULL DEFAULT '[]'""",
    'CREATE INDEX "flow_run_open_of_schedule" ON "flow_run" ("schedule_id", "scheduled_time") '
    "WHERE state_type IN ('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING') "
    "AND schedule_id IS NOT NULL",
)


def up(migrator: Any, db: peewee.Database) -> None:
    long = "INTEGER" if isinstance(db, peewee.SqliteDatabase) else "BIGINT"
    for statement in _COLUMNS:
        db.execute_sql(statement.format(long=long))
