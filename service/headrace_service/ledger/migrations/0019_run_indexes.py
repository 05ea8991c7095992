"""Indexes of what was looked for row by row: how a flow run's tasks stand, which is read from the
index alone, the subflows of a task run, and the runs that were asked for under a key."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class FlowRun(peewee.Model):
    """The columns that the new indexes are about."""

    id = IdField(primary_key=True)
    parent_task_run_id = IdField(null=True)
    idempotency_key = peewee.TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "flow_run"


FlowRun.add_index(
    FlowRun.parent_task_run_id,
    FlowRun.id,
    name="flow_run_by_parent_task",
    where=FlowRun.parent_task_run_id.is_null(False),
)
FlowRun.add_index(
    FlowRun.idempotency_key,
    FlowRun.id,
    name="flow_run_by_key",
    where=FlowRun.idempotency_key.is_null(False),
)


class TaskRun(peewee.Model):
    """The columns that the new index is about."""

    flow_run_id = IdField(null=True)
    task_name = peewee.TextField()
    state_type = peewee.TextField()

    class Meta:
        legacy_table_names = False
        table_name = "task_run"


TaskRun.add_index(
    TaskRun.flow_run_id,
    TaskRun.task_name,
    TaskRun.state_type,
    name="task_run_by_task",
    where=TaskRun.flow_run_id.is_null(False),
)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx([FlowRun, TaskRun]):
        FlowRun._schema.create_indexes()
        TaskRun._schema.create_indexes()
