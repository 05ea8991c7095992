"""Deployments, their schedules, and code by value."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table, revision_column


class Deployment(Table):
    """A flow that can be run from elsewhere, known by the flow's name and its own.

    `tags`, `parameters`, `parameter_schema` (a JSON Schema) and `job_variables` are JSON texts. The
    code is found by `entrypoint`, relative to `folder`, or in the bundle. Runs wait for the workers
    of `work_queue_id`; without one, for the process that serves the deployment. Each run takes a
    slot of every limit named in `limits` (JSON, too) and of the deployment's own, if it has one:
    see `run_limits`. `collision_strategy` says what becomes of a run for which there is none.
    `limit_key` is the template of its runs' keys; `debounce` (microseconds) and `singleton` say
    what becomes of a run that is asked for while there is another with its key.
    """

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
    collision_strategy = peewee.TextField(null=True)
    revision = revision_column()
    #: How often its flow is run again, also when a process dies, and the seconds before each time.
    retries = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    retry_delays = peewee.TextField(constraints=[peewee.SQL("DEFAULT '[]'")])
    limits = peewee.TextField(constraints=[peewee.SQL("DEFAULT '[]'")])
    limit_key = peewee.TextField(null=True)
    debounce = peewee.BigIntegerField(null=True)
    singleton = peewee.BooleanField(constraints=[peewee.SQL("DEFAULT FALSE")])

    class Meta:
        table_name = "deployment"
        without_rowid = True
        indexes = ((("flow_id", "name"), True),)


class Schedule(Table):
    """One schedule of a deployment: `spec` is JSON (`headrace_service.schedules.ScheduleSpec`).

    `next_fire` is when it fires next; None while it is not active or its deployment is paused, and
    when it fires no more. `declared` is how it was deployed last, so that deploying the same again
    changes nothing; null of one that somebody has added by hand. The rest is
    `headrace_service.schedules.SchedulePolicy`.
    """

    id = IdField(primary_key=True)
    deployment_id = IdField()
    slug = peewee.TextField(null=True)
    spec = peewee.TextField()
    parameters = peewee.TextField()
    active = peewee.BooleanField()
    catchup = peewee.TextField()
    next_fire = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()
    revision = revision_column()
    overlap = peewee.TextField(constraints=[peewee.SQL("DEFAULT 'ALLOW'")])
    start_deadline = peewee.BigIntegerField(null=True)
    catchup_max = peewee.IntegerField(null=True)
    catchup_window = peewee.BigIntegerField(null=True)
    declared = peewee.TextField(null=True)

    class Meta:
        table_name = "schedule"
        without_rowid = True
        indexes = ((("deployment_id",), False),)


Schedule.add_index(Schedule.next_fire, where=Schedule.next_fire.is_null(False))


class Bundle(Table):
    """A flow's code by value, which only workers open. `key` is the SHA-256 of its content.

    `about` is JSON: what it takes to open it, such as the version of Python.
    """

    key = peewee.TextField(primary_key=True)
    content = peewee.BlobField()
    about = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "bundle"
