"""Deployments, their schedules and bundles; work pools with their queues and workers.

A flow run learns by which deployment and schedule it came, when it is due, and who has claimed it.
"""

from __future__ import annotations

from typing import Any

import peewee


class IdField(peewee.Field):
    field_type = "RUN_ID"


class Deployment(peewee.Model):
    id = IdField(primary_key=True)
    flow_id = IdField()
    name = peewee.TextField()
    description = peewee.TextField(null=True)
    version = peewee.TextField(null=True)
    tags = peewee.TextField()
    parameters = peewee.TextField()
    parameter_schema = peewee.TextField()
    enforce_schema = peewee.BooleanField()
    entrypoint = peewee.TextField(null=True)
    folder = peewee.TextField(null=True)
    bundle_key = peewee.TextField(null=True)
    work_queue_id = IdField(null=True)
    job_variables = peewee.TextField()
    paused = peewee.BooleanField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "deployment"
        without_rowid = True
        indexes = ((("flow_id", "name"), True),)


class Schedule(peewee.Model):
    id = IdField(primary_key=True)
    deployment_id = IdField()
    slug = peewee.TextField(null=True)
    spec = peewee.TextField()
    parameters = peewee.TextField()
    active = peewee.BooleanField()
    catchup = peewee.TextField()
    next_fire = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "schedule"
        without_rowid = True
        indexes = ((("deployment_id",), False),)


Schedule.add_index(Schedule.next_fire, where=Schedule.next_fire.is_null(False))


class Bundle(peewee.Model):
    key = peewee.TextField(primary_key=True)
    content = peewee.BlobField()
    about = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "bundle"


class WorkPool(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    type = peewee.TextField()
    description = peewee.TextField(null=True)
    paused = peewee.BooleanField()
    concurrency_limit = peewee.IntegerField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "work_pool"
        without_rowid = True


class WorkQueue(peewee.Model):
    id = IdField(primary_key=True)
    work_pool_id = IdField()
    name = peewee.TextField()
    priority = peewee.IntegerField()
    paused = peewee.BooleanField()
    created_at = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "work_queue"
        without_rowid = True
        indexes = ((("work_pool_id", "name"), True),)


class Worker(peewee.Model):
    id = IdField(primary_key=True)
    name = peewee.TextField()
    work_pool_id = IdField(null=True)
    host = peewee.TextField()
    pid = peewee.IntegerField()
    started_at = peewee.BigIntegerField()
    seen_at = peewee.BigIntegerField()
    lease_until = peewee.BigIntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "worker"
        without_rowid = True
        indexes = ((("work_pool_id", "name"), False),)


TABLES = (Deployment, Schedule, Bundle, WorkPool, WorkQueue, Worker)


class FlowRun(peewee.Model):
    """The columns that are new, and those that the indexes are about."""

    id = IdField(primary_key=True)
    flow_id = IdField()
    deployment_id = IdField(null=True)
    schedule_id = IdField(null=True)
    scheduled_time = peewee.BigIntegerField(null=True)
    idempotency_key = peewee.TextField(null=True)
    work_queue_id = IdField(null=True)
    epoch = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    claimed_by = IdField(null=True)
    job_variables = peewee.TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "flow_run"


NEW = (
    FlowRun.deployment_id,
    FlowRun.schedule_id,
    FlowRun.scheduled_time,
    FlowRun.idempotency_key,
    FlowRun.work_queue_id,
    FlowRun.epoch,
    FlowRun.claimed_by,
    FlowRun.job_variables,
)
FlowRun.add_index(FlowRun.deployment_id, FlowRun.id, where=FlowRun.deployment_id.is_null(False))
FlowRun.add_index(
    FlowRun.schedule_id,
    FlowRun.scheduled_time,
    unique=True,
    where=FlowRun.schedule_id.is_null(False),
)
FlowRun.add_index(
    FlowRun.scheduled_time,
    where=peewee.SQL("state_type = 'SCHEDULED' AND deployment_id IS NOT NULL"),
)
FlowRun.add_index(
    FlowRun.claimed_by,
    where=peewee.SQL(
        "state_type IN ('PENDING', 'RUNNING', 'CANCELLING') AND claimed_by IS NOT NULL"
    ),
)
FlowRun.add_index(
    FlowRun.flow_id,
    FlowRun.idempotency_key,
    unique=True,
    where=FlowRun.idempotency_key.is_null(False),
)


def up(migrator: Any, db: peewee.Database) -> None:
    with db.bind_ctx((*TABLES, FlowRun)):
        db.create_tables(TABLES)
        for column in NEW:
            context = db.get_sql_context()
            definition, _ = context.sql(column.ddl(context)).query()
            db.execute_sql(f'ALTER TABLE "flow_run" ADD COLUMN {definition}')
        FlowRun._schema.create_indexes()
