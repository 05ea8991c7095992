"""The ledger's tables.

Ids are UUIDs of version 7: they sort by time, so that new rows land together and a keyset page
needs no second column. Times are whole microseconds since 1970-01-01 UTC. States are stored by
their type's and their name's text, so that a person who opens the file can read it.

The models are bound to no database: one process may hold several ledgers. Every query is run with
`.execute(db)`.
"""

from __future__ import annotations

import peewee

from headrace_service.ledger.columns import NO_ID as NO_ID
from headrace_service.ledger.columns import IdField as IdField
from headrace_service.ledger.columns import Table as Table
from headrace_service.ledger.columns import revision_column


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
    says of the run is refused.
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
    FlowRun.scheduled_time,
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


class Event(Table):
    """The history of every state, and the live feed: `seq` is the cursor.

    `kind` tells what `subject_id` names: "flow_run" or "task_run". `at` is when the state was
    entered; `payload` is the state as JSON (type, name, message, run_count). Events of the kinds
    `EDITED` and `DELETED` tell what else became of a flow run, with the state it was in. One of the
    kind `CUSTOM` is one that a user's program has emitted, and `subject_id` its own id.
    """

    seq = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    kind = peewee.TextField()
    flow_run_id = IdField(null=True)
    subject_id = IdField()
    payload = peewee.TextField()

    class Meta:
        table_name = "event"
        indexes = ((("flow_run_id", "seq"), False), (("subject_id", "seq"), False))


#: The kinds of events of states that were entered: what a run's history is made of.
STATES = ("flow_run", "task_run")
#: What is said of a flow run was changed; it was deleted.
EDITED, DELETED = "flow_run_edited", "flow_run_deleted"
#: The kind of events that users' programs emit.
CUSTOM = "custom"

#: As plain text in the statement: with a parameter in its place SQLite does not see that the index
#: of these events serves.
IS_CUSTOM = peewee.SQL(f"\"kind\" = '{CUSTOM}'")

Event.add_index(Event.seq, name="event_custom", where=IS_CUSTOM)


class Log(Table):
    """Log lines; `seq` is a cursor of its own."""

    seq = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    level = peewee.IntegerField()
    flow_run_id = IdField(null=True)
    task_run_id = IdField(null=True)
    logger = peewee.TextField()
    message = peewee.TextField()

    class Meta:
        table_name = "log"
        indexes = ((("flow_run_id", "seq"), False),)


Log.add_index(Log.task_run_id, Log.seq, where=Log.task_run_id.is_null(False))


class Batch(Table):
    """The last batch that was taken of each client's stream, and what was answered to it.

    Batches of one client are numbered without a hole, so that the last number says of any other
    whether it was taken before.
    """

    client_id = IdField(primary_key=True)
    number = peewee.BigIntegerField()
    answer = peewee.BlobField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "batch"
        without_rowid = True


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


class Variable(Table):
    """A named value that programs share. `value` is JSON, `tags` a JSON list of texts."""

    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    value = peewee.TextField()
    tags = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "variable"
        without_rowid = True


class Artifact(Table):
    """Something that a run made for people to look at. `data` is JSON.

    Artifacts with the same key are versions of one thing, of which the newest counts.
    """

    id = IdField(primary_key=True)
    key = peewee.TextField(null=True)
    type = peewee.TextField(null=True)
    description = peewee.TextField(null=True)
    data = peewee.TextField()
    flow_run_id = IdField(null=True)
    task_run_id = IdField(null=True)
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "artifact"
        without_rowid = True


Artifact.add_index(Artifact.key, Artifact.id, where=Artifact.key.is_null(False))
Artifact.add_index(Artifact.flow_run_id, Artifact.id, where=Artifact.flow_run_id.is_null(False))
Artifact.add_index(Artifact.task_run_id, Artifact.id, where=Artifact.task_run_id.is_null(False))


class BlockType(Table):
    """What a class of blocks says of itself. `fields` is its JSON schema.

    `secret_fields` in it lists the paths of what is not shown unless somebody insists.
    """

    slug = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField(null=True)
    fields = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()

    class Meta:
        table_name = "block_type"
        without_rowid = True


class Block(Table):
    """A saved configuration, known by its type and name; `data` is JSON, secrets as they are.

    A value `{"$ref": {"block_document_id": id}}` in it stands for another block.
    """

    id = IdField(primary_key=True)
    type_slug = peewee.TextField()
    name = peewee.TextField()
    is_anonymous = peewee.BooleanField()
    data = peewee.TextField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()

    class Meta:
        table_name = "block"
        without_rowid = True
        indexes = ((("type_slug", "name"), True),)


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
    limits = peewee.TextField(constraints=[peewee.SQL("DEFAULT '[]'")])
    limit_key = peewee.TextField(null=True)
    debounce = peewee.BigIntegerField(null=True)
    singleton = peewee.BooleanField(constraints=[peewee.SQL("DEFAULT FALSE")])
    #: How often its flow is run again, also when a process dies, and the seconds before each time.
    retries = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    retry_delays = peewee.TextField(constraints=[peewee.SQL("DEFAULT '[]'")])

    class Meta:
        table_name = "deployment"
        without_rowid = True
        indexes = ((("flow_id", "name"), True),)


class Schedule(Table):
    """One schedule of a deployment: `spec` is JSON (`headrace_service.schedules.ScheduleSpec`).

    `next_fire` is when it fires next; None while it is not active or its deployment is paused, and
    when it fires no more. The rest is `headrace_service.schedules.SchedulePolicy`.
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
    that it serves.
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

    class Meta:
        table_name = "worker"
        without_rowid = True
        indexes = ((("work_pool_id", "name"), False),)


class ConcurrencyLimit(Table):
    """How many slots may be taken at once under a name: so many for each key, `total` for all keys.

    With `decay` above 0, slots come back by themselves, so many a second. A limit that is not
    `active` lets everybody pass.
    """

    id = IdField(primary_key=True)
    name = peewee.TextField(unique=True)
    slots = peewee.IntegerField()
    decay = peewee.DoubleField()
    active = peewee.BooleanField()
    created_at = peewee.BigIntegerField()
    updated_at = peewee.BigIntegerField()
    revision = revision_column()
    total = peewee.IntegerField(null=True)

    class Meta:
        table_name = "concurrency_limit"
        without_rowid = True


class Slot(Table):
    """Slots of one limit that a lease holds, `occupied` of them, from `since` until `until`.

    A lease over several limits is a row of each. `holder` is JSON (`headrace.records.SlotHolder`);
    `client_id` is there when the slots are to end with the process that has this stream. `key` is
    whose share of the limit they are of; empty for those who name none.
    """

    limit_id = IdField()
    lease_id = IdField()
    occupied = peewee.IntegerField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    client_id = IdField(null=True)
    holder = peewee.TextField()
    key = peewee.TextField(constraints=[peewee.SQL("DEFAULT ''")])

    class Meta:
        table_name = "slot"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "lease_id")
        indexes = ((("lease_id",), False),)


Slot.add_index(Slot.client_id, where=Slot.client_id.is_null(False))


class Waiter(Table):
    """Who waits for slots of a limit: those with the same key in the order of `rank` and `place`.

    `rank` is when it came, less the head start that its priority gives it. One who waits for
    several limits has a row of each, with the same place. `until` is when it counts as gone unless
    it is heard of; `duration` is that of the lease it wants, the rest are as in `Slot`.
    """

    limit_id = IdField()
    place = peewee.BigIntegerField()
    lease_id = IdField()
    occupied = peewee.IntegerField()
    duration = peewee.BigIntegerField()
    since = peewee.BigIntegerField()
    until = peewee.BigIntegerField()
    client_id = IdField(null=True)
    holder = peewee.TextField()
    key = peewee.TextField(constraints=[peewee.SQL("DEFAULT ''")])
    rank = peewee.BigIntegerField(constraints=[peewee.SQL("DEFAULT 0")])

    class Meta:
        table_name = "waiter"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "place")
        indexes = (
            (("lease_id",), False),
            (("limit_id", "key", "rank", "place"), False),
            (("place",), False),
        )


class Line(Table):
    """Those with one key who wait for a limit; the lines of a limit are served in turn.

    The one with the lowest `turn` is next; whoever was served goes behind all others.
    """

    limit_id = IdField()
    key = peewee.TextField()
    turn = peewee.BigIntegerField()

    class Meta:
        table_name = "line"
        without_rowid = True
        primary_key = peewee.CompositeKey("limit_id", "key")


class Process(Table):
    """A process that records, known by its stream, and until when it counts as living.

    `identity` tells the process apart from every other one of its machine, earlier ones of the
    same number included. `direct` tells that it writes to this file itself, so that nothing but
    its own end or sleep can keep it from renewing its lease.
    """

    client_id = IdField(primary_key=True)
    host = peewee.TextField()
    pid = peewee.IntegerField()
    identity = peewee.TextField()
    direct = peewee.BooleanField()
    duration = peewee.BigIntegerField()
    until = peewee.BigIntegerField()

    class Meta:
        table_name = "process"
        without_rowid = True


class Reaping(Table):
    """A moment at which a stream's process was taken for dead, and its runs ended for it.

    Runs of the stream that are CRASHED since that very moment are so by a guess.
    """

    client_id = IdField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "reaping"
        without_rowid = True
        primary_key = peewee.CompositeKey("client_id", "at")


class Retention(Table):
    """How far the deletion of what is old has come, by kind: "event", "log", "run", …

    `deleted_to` is the greatest `seq` that was deleted: whoever has seen less than that has missed
    something. `looked_to` is the `seq` up to which nothing is left to look at. `deleted` counts all
    that ever went; `swept_at` is when everything that was due was gone, in microseconds.
    """

    kind = peewee.TextField(primary_key=True)
    deleted_to = peewee.BigIntegerField()
    looked_to = peewee.BigIntegerField()
    deleted = peewee.BigIntegerField()
    swept_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "retention"


class Deletion(Table):
    """A flow run that is deleted, while there are rows left of what hung on it."""

    flow_run_id = IdField(primary_key=True)

    class Meta:
        table_name = "deletion"


class ApiToken(Table):
    """A named token, by which a service knows who asks.

    The token itself is kept nowhere: `digest` is its SHA-256 (of 256 random bits, so that nothing
    slower is needed), `prefix` its beginning, by which people tell tokens apart. One that was
    revoked stays, so that its use can be told from that of one that never was; its name is free.
    """

    id = IdField(primary_key=True)
    name = peewee.TextField()
    digest = peewee.TextField(unique=True)
    prefix = peewee.TextField()
    scope = peewee.TextField()
    created_at = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)
    last_used_at = peewee.BigIntegerField(null=True)
    revoked_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "api_token"


ApiToken.add_index(
    ApiToken.name, name="api_token_in_use", unique=True, where=ApiToken.revoked_at.is_null()
)


class MadeOnce(Table):
    """What was made under an idempotency key, so that asking again makes nothing.

    `request` is a digest of what was asked for under it.
    """

    operation = peewee.TextField()
    key = peewee.TextField()
    request = peewee.TextField()
    made_id = IdField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "made_once"
        primary_key = peewee.CompositeKey("operation", "key")
        indexes = ((("at",), False),)


TABLES = (
    Flow,
    FlowRun,
    TaskRun,
    BackgroundRun,
    Event,
    Log,
    Batch,
    FlowRunInput,
    Variable,
    Artifact,
    BlockType,
    Block,
    Deployment,
    Schedule,
    Bundle,
    WorkPool,
    WorkQueue,
    Worker,
    ConcurrencyLimit,
    Slot,
    Waiter,
    Line,
    Process,
    Reaping,
    Retention,
    Deletion,
    ApiToken,
    MadeOnce,
)
