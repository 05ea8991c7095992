"""Flows, their runs, and the runs of tasks."""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import IdField, Table


class Flow(Table):
    """A flow by its name; created by its first run."""

    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "flow"
        without_rowid = True


class FlowRun(Table):
    """One run of a flow, with its current state.

    `task_run_counts` is a JSON object, state type to number of task runs; the append that changes
    a task run's state changes it, in the same transaction.

    The columns from `deployment_id` on belong to runs of deployments. `claimed_by` is the worker
    that has taken the run, and `epoch` counts how often one did: what a process of an earlier claim
    says of the run is refused. `scheduled_time` is when it is due, which a retry puts off;
    `fire_time` is the time of its schedule that it was made for.
    """

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
    deployment_id = IdField(null=True)
    schedule_id = IdField(null=True)
    scheduled_time = peewee.BigIntegerField(null=True)
    idempotency_key = peewee.TextField(null=True)
    work_queue_id = IdField(null=True)
    epoch = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    claimed_by = IdField(null=True)
    job_variables = peewee.TextField(null=True)
    limit_key = peewee.TextField(null=True)
    priority = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    fire_time = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "flow_run"
        without_rowid = True
        indexes = ((("state_type", "id"), False), (("flow_id", "id"), False))


FlowRun.add_index(
    FlowRun.parent_flow_run_id, FlowRun.id, where=FlowRun.parent_flow_run_id.is_null(False)
)
FlowRun.add_index(FlowRun.deployment_id, FlowRun.id, where=FlowRun.deployment_id.is_null(False))
#: A schedule fires once at each of its times, whoever and how many let it fire.
FlowRun.add_index(
    FlowRun.schedule_id,
    FlowRun.fire_time,
    unique=True,
    where=FlowRun.schedule_id.is_null(False),
)
FlowRun.add_index(
    FlowRun.scheduled_time,
    where=peewee.SQL("state_type = 'SCHEDULED' AND deployment_id IS NOT NULL"),
)
FlowRun.add_index(
    FlowRun.schedule_id,
    FlowRun.scheduled_time,
    name="flow_run_open_of_schedule",
    where=peewee.SQL(
        "state_type IN ('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING') "
        "AND schedule_id IS NOT NULL"
    ),
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
#: Lists in an order of their own; `queries.orders` has the same expressions.
FlowRun.add_index(FlowRun.name, FlowRun.id, name="flow_run_by_name")
FlowRun.add_index(FlowRun.start_time, FlowRun.id, name="flow_run_by_start")
FlowRun.add_index(FlowRun.end_time, FlowRun.id, name="flow_run_by_end")
FlowRun.add_index(FlowRun.end_time - FlowRun.start_time, FlowRun.id, name="flow_run_by_duration")
_DUE = peewee.fn.COALESCE(FlowRun.scheduled_time, FlowRun.created_at)
FlowRun.add_index(_DUE, FlowRun.id, name="flow_run_by_due")
_QUEUED = FlowRun.work_queue_id.is_null(False)
FlowRun.add_index(FlowRun.work_queue_id, FlowRun.id, name="flow_run_by_queue", where=_QUEUED)


class TaskRun(Table):
    """One run of a task, with its current state.

    `inputs` is a JSON object: parameter name to the list of ids of the runs whose results went
    into it. `client_id` is the stream that told of it last: of the process that runs it.
    """

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
    client_id = IdField(null=True)

    class Meta:
        table_name = "task_run"
        without_rowid = True
        indexes = ((("flow_run_id", "id"), False), (("state_type", "id"), False))


#: How the tasks of a flow run stand is read from here alone.
TaskRun.add_index(
    TaskRun.flow_run_id,
    TaskRun.task_name,
    TaskRun.state_type,
    name="task_run_by_task",
    where=TaskRun.flow_run_id.is_null(False),
)


class BackgroundRun(Table):
    """A task run that waits for a task worker, or is at one; the row goes with the run's end.

    `task_key` tells workers which task it is of. `arguments` are bytes that the worker alone opens.
    `claimed_by` and `epoch` are as in `FlowRun`.
    """

    task_run_id = IdField(primary_key=True)
    task_key = peewee.TextField()
    arguments = peewee.BlobField()
    epoch = peewee.IntegerField()
    claimed_by = IdField(null=True)

    class Meta:
        table_name = "background_run"


BackgroundRun.add_index(
    BackgroundRun.task_key,
    BackgroundRun.task_run_id,
    where=BackgroundRun.claimed_by.is_null(True),
)
BackgroundRun.add_index(BackgroundRun.claimed_by, where=BackgroundRun.claimed_by.is_null(False))


class FlowRunInput(Table):
    """Something that was given to a flow run while it runs, under a key of its own.

    `value` is JSON; `sender` names who gave it, such as `flow-run.ID`.
    """

    flow_run_id = IdField()
    key = peewee.TextField()
    value = peewee.TextField()
    sender = peewee.TextField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "flow_run_input"
        without_rowid = True
        primary_key = peewee.CompositeKey("flow_run_id", "key")
