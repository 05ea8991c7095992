"""Keys and priorities of concurrency limits; what deployments, pools and queues have of them.

The limits of deployments and pools become limits like all others, known by their names, and the
runs that are under way hold slots of them.
"""

from __future__ import annotations

import json
import time
from typing import Any

import peewee
import uuid_utils

#: The end of a lease that lasts as long as its run.
FOR_EVER = 2**62


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
_OLD = (
    'ALTER TABLE "deployment" DROP COLUMN "concurrency_limit"',
    'ALTER TABLE "work_pool" DROP COLUMN "concurrency_limit"',
)
_DEPLOYMENTS = (
    'SELECT "f"."name", "d"."name", "d"."concurrency_limit", "d"."id" FROM "deployment" AS "d" '
    'JOIN "flow" AS "f" ON "f"."id" = "d"."flow_id" WHERE "d"."concurrency_limit" IS NOT NULL'
)
_POOLS = (
    'SELECT "name", "concurrency_limit", "id" FROM "work_pool" '
    'WHERE "concurrency_limit" IS NOT NULL'
)
_UNDER_WAY = (
    'SELECT "r"."id", "r"."deployment_id", "q"."work_pool_id" FROM "flow_run" AS "r" '
    'LEFT JOIN "work_queue" AS "q" ON "q"."id" = "r"."work_queue_id" '
    'WHERE "r"."claimed_by" IS NOT NULL AND "r"."deployment_id" IS NOT NULL '
    """AND "r"."state_type" IN ('SCHEDULED', 'PENDING', 'RUNNING', 'CANCELLING')"""
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
    _make_limits(db)
    for statement in _OLD:
        db.execute_sql(statement)


def _make_limits(db: peewee.Database) -> None:
    now = time.time_ns() // 1000
    limits: dict[object, bytes] = {}
    for flow, name, slots, owner in db.execute_sql(_DEPLOYMENTS).fetchall():
        limits[owner] = _make_limit(db, f"deployment:{flow}/{name}", slots, now)
    for name, slots, owner in db.execute_sql(_POOLS).fetchall():
        limits[owner] = _make_limit(db, f"work-pool:{name}", slots, now)
    if not limits:
        return
    for run_id, deployment_id, pool_id in db.execute_sql(_UNDER_WAY).fetchall():
        holder = json.dumps({"host": "", "pid": 0, "flow_run_id": _hex(run_id)})
        for owner in (deployment_id, pool_id):
            if owner in limits:
                values = (limits[owner], run_id, 1, now, FOR_EVER, holder)
                columns = ("limit_id", "lease_id", "occupied", "since", "until", "holder")
                _insert(db, "slot", columns, values)


def _make_limit(db: peewee.Database, name: str, slots: int, now: int) -> bytes:
    limit_id = uuid_utils.uuid7().bytes
    columns = ("id", "name", "slots", "decay", "active", "created_at", "updated_at")
    _insert(db, "concurrency_limit", columns, (limit_id, name, slots, 0.0, True, now, now))
    return limit_id


def _insert(
    db: peewee.Database, table: str, columns: tuple[str, ...], values: tuple[Any, ...]
) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join(db.param for _ in columns)
    db.execute_sql(f'INSERT INTO "{table}" ({names}) VALUES ({places})', values)


def _hex(run_id: Any) -> str:
    return str(uuid_utils.UUID(bytes=bytes(run_id)))
