"""What tells a worker's process apart, so that its end can be seen on its machine."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    db.execute_sql('ALTER TABLE "worker" ADD COLUMN "identity" TEXT')
