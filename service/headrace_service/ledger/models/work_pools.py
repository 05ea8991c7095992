"""Where runs of deployments wait, and for whom."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table, revision_column


class WorkPool(Table):
    """Where runs of deployments wait for workers of one type."""

    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    type = peewee.TextField()
    description = peewee.TextField(null=True)
    paused = peewee.BooleanField()
    created_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "work_pool"
        without_rowid = True


class WorkQueue(Table):
    """A line within a pool; those with a lower `priority` number are served first."""

    id = IdField(primary_key=True)
    work_pool_id = IdField()
    name = peewee.TextField()
    priority = peewee.IntegerField()
    paused = peewee.BooleanField()
    created_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "work_queue"
        without_rowid = True
        indexes = ((("work_pool_id", "name"), True),)


class Worker(Table):
    """A process that takes runs: a worker of a pool, or, without one, what serves deployments.

    What it has claimed and not begun is given back once `lease_until` has passed. `capacity` is how
    many runs it executes at once, None for any number; `deployment_ids` is a JSON list of those
    that it serves, `queue_names` one of the queues whose runs it takes, None for all of its pool.
    `identity` (`headrace.liveness`) is that of its process. `task_keys` is one of the tasks that it
    serves, None where it is no task worker.
    """

    id = IdField(primary_key=True)
    name = peewee.TextField()
    work_pool_id = IdField(null=True)
    host = peewee.TextField()
    pid = peewee.IntegerField()
    started_at = peewee.BigIntegerField()
    seen_at = peewee.BigIntegerField()
    lease_until = peewee.BigIntegerField()
    capacity = peewee.IntegerField(null=True)
    deployment_ids = peewee.TextField(null=True)
    queue_names = peewee.TextField(null=True)
    identity = peewee.TextField(null=True)
    task_keys = peewee.TextField(null=True)

    class Meta:
        table_name = "worker"
        without_rowid = True
        indexes = ((("work_pool_id", "name"), False),)
