"""Who has made an automation: what an administrator has, others do not stop."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    for column in ("made_by", "made_as"):
        db.execute_sql(f'ALTER TABLE "automation" ADD COLUMN "{column}" TEXT')
