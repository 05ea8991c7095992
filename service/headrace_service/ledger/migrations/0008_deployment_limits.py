"""How many runs of a deployment may be under way at once."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    db.execute_sql('ALTER TABLE "deployment" ADD COLUMN "concurrency_limit" INTEGER')
    db.execute_sql('ALTER TABLE "deployment" ADD COLUMN "collision_strategy" TEXT')
