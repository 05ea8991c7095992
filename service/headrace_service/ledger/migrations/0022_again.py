"""How far retention has come in looking again at the lines that it has passed by."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    long = "INTEGER" if isinstance(db, peewee.SqliteDatabase) else "BIGINT"
    db.execute_sql(f'ALTER TABLE "retention" ADD COLUMN "again_to" {long}')
