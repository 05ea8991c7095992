"""Of which queues a worker takes runs."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    db.execute_sql('ALTER TABLE "worker" ADD COLUMN "queue_names" TEXT')
