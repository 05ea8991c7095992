"""The events that users' programs emit are found by an index of their own."""

from __future__ import annotations

from typing import Any

import peewee


def up(migrator: Any, db: peewee.Database) -> None:
    db.execute_sql('CREATE INDEX "event_custom" ON "event" ("seq") WHERE "kind" = \'custom\'')
