"""How a schedule was deployed, so that deploying the same again changes nothing."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    db.execute_sql('ALTER TABLE "schedule" ADD COLUMN "declared" TEXT')
    # Who made those that are there is not known; as before, deploying without them takes them away.
    db.execute_sql("""UPDATE "schedule" SET "declared" = ''""")
