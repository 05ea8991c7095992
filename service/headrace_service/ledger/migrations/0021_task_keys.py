"""Which tasks a task worker serves, so that it is known of whose runs nobody takes any."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    db.execute_sql('ALTER TABLE "worker" ADD COLUMN "task_keys" TEXT')
