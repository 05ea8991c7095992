"""Keys and priorities of concurrency limits; what deployments have of them."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Line(peewee.Model):
    limit_id = IdField()
    key = peewee.TextField()
    turn = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "line"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "key")


_COLUMNS = (
    'ALTER TABLE "concurrency_limit" ADD COLUMN "total" INTEGER',
    """ALTER TABLE "slot" ADD COLUMN "key" TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE "waiter" ADD COLUMN "key" TEXT NOT NULL DEFAULT ''""",
    'ALTER TABLE "waiter" ADD COLUMN "rank" {long} NOT NULL DEFAULT 0',
    'UPDATE "waiter" SET "rank" = "since"',
    'CREATE INDEX "waiter_limit_id_key_rank_place" ON "waiter" '
    '("limit_id", "key", "rank", "place")',
    'CREATE INDEX "waiter_place" ON "waiter" ("place")',
    'ALTER TABLE "flow_run" ADD COLUMN "limit_key" TEXT',
    'ALTER TABLE "flow_run" ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 0',
    """ALTER TABLE "deployment" ADD COLUMN "limits" TEXT NOT NULL DEFAULT '[]'""",
    'ALTER TABLE "deployment" ADD COLUMN "limit_key" TEXT',
    'ALTER TABLE "deployment" ADD COLUMN "debounce" {long}',
    'ALTER TABLE "deployment" ADD COLUMN "singleton" {boolean} NOT NULL DEFAULT FALSE',
)


def up(migrator: Any, db: peewee.Database) -> None:
    is_sqlite = isinstance(db, peewee.SqliteDatabase)
    kinds = {
        "long": "INTEGER" if is_sqlite else "BIGINT",
        "boolean": "INTEGER" if is_sqlite else "BOOLEAN",
    }
    for statement in _COLUMNS:
        db.execute_sql(statement.format(**kinds))
    with db.bind_ctx([Line]):
        db.create_tables([Line])
