"""The first tables: flows, their runs, task runs, the event log, log lines, batches.

A frozen copy of the models as they were, so that later changes of `models.py` do not change what
this step makes.
"""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Flow(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "flow"
        without_rowid = True


class FlowRun(peewee.Model):
    id = IdField(primary_key=True)
    flow_id = IdField()
    flow_version = peewee.TextField(null=True)
    name = peewee.TextField()
    state_type = peewee.TextField()
    state_name = peewee.TextField()
    state_message = peewee.TextField(null=True)
    state_timestamp = peewee.BigIntegerField()
    run_count = peewee.IntegerField()
    parameters = peewee.TextField()
    tags = peewee.TextField()
    parent_flow_run_id = IdField(null=True)
    parent_task_run_id = IdField(null=True)
    client_id = IdField()
    created_at = peewee.BigIntegerField()
    start_time = peewee.BigIntegerField(null=True)
    end_time = peewee.BigIntegerField(null=True)
    task_run_counts = peewee.TextField()

    class Meta:
        legacy_table_names = False
        table_name = "flow_run"
        without_rowid = True
        indexes = ((("state_type", "id"), False), (("flow_id", "id"), False))


FlowRun.add_index(
    FlowRun.parent_flow_run_id, FlowRun.id, where=FlowRun.parent_flow_run_id.is_null(False)
)


class TaskRun(peewee.Model):
    id = IdField(primary_key=True)
    flow_run_id = IdField(null=True)
    task_name = peewee.TextField()
    name = peewee.TextField()
    state_type = peewee.TextField()
    state_name = peewee.TextField()
    state_message = peewee.TextField(null=True)
    state_timestamp = peewee.BigIntegerField()
    run_count = peewee.IntegerField()
    tags = peewee.TextField(null=True)
    inputs = peewee.TextField(null=True)
    created_at = peewee.BigIntegerField()
    start_time = peewee.BigIntegerField(null=True)
    end_time = peewee.BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "task_run"
        without_rowid = True
        indexes = ((("flow_run_id", "id"), False), (("state_type", "id"), False))


class Event(peewee.Model):
    seq = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    kind = peewee.TextField()
    flow_run_id = IdField(null=True)
    subject_id = IdField()
    payload = peewee.TextField()

    class Meta:
        legacy_table_names = False
        table_name = "event"
        indexes = ((("flow_run_id", "seq"), False), (("subject_id", "seq"), False))


class Log(peewee.Model):
    seq = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    level = peewee.IntegerField()
    flow_run_id = IdField(null=True)
    task_run_id = IdField(null=True)
    logger = peewee.TextField()
    message = peewee.TextField()

    class Meta:
        legacy_table_names = False
        table_name = "log"
        indexes = ((("flow_run_id", "seq"), False),)


Log.add_index(Log.task_run_id, Log.seq, where=Log.task_run_id.is_null(False))


class Batch(peewee.Model):
    client_id = IdField(primary_key=True)
    number = peewee.BigIntegerField()
    answer = peewee.BlobField()
    at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "batch"
        without_rowid = True


TABLES = (Flow, FlowRun, TaskRun, Event, Log, Batch)


def up(migrator: Any, db: peewee.Database) -> None:
    if isinstance(db, peewee.SqliteDatabase):
        # A place in the feed is never given twice, even after the newest rows are deleted.
        for column in (Event.seq, Log.seq):
            column.constraints = [peewee.SQL("AUTOINCREMENT")]
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
