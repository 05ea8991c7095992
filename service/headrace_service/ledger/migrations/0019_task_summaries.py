"""How a flow run's tasks stand is read from an index alone, not from the rows of its task runs."""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


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
    with db.bind_ctx([TaskRun]):
        TaskRun._schema.create_indexes()
