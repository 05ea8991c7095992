"""Runs of tasks that wait for a task worker, with their arguments."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class BackgroundRun(peewee.Model):
    task_run_id = IdField(primary_key=True)
    task_key = peewee.TextField()
    arguments = peewee.BlobField()
    epoch = peewee.IntegerField()
    claimed_by = IdField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "background_run"


BackgroundRun.add_index(
    BackgroundRun.task_key,
    BackgroundRun.task_run_id,
    where=BackgroundRun.claimed_by.is_null(True),
)
BackgroundRun.add_index(BackgroundRun.claimed_by, where=BackgroundRun.claimed_by.is_null(False))


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([BackgroundRun]):
        db.create_tables([BackgroundRun])
