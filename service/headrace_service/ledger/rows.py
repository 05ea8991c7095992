"""What the hot statements write: their texts, and the rows.

Rows are plain tuples, in the order of the models' columns.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from headrace.records import StateType
from headrace_service.ledger.models import Event, FlowRun, Log, TaskRun
from headrace_service.ledger.statements import Insert, Statement

_json = msgspec.json.Encoder()


class StatePayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event's payload: the state that was entered; when is the event's `at`."""

    type: StateType
    name: str
    message: str | None = None
    run_count: int = 0
    result: str | None = None


#: How the names of events about tokens begin; no program can emit one.
AUDIT = "headrace.api-token."


class CustomPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """The payload of an event that a user's program has emitted; when is the event's `at`."""

    name: str
    resource: dict[str, str]
    related: list[dict[str, str]] = []
    payload: dict[str, Any] = {}


#: Columns that only a deployment's runs have, and a run that a process reports has not.
OF_DEPLOYMENTS = frozenset(
    {
        "deployment_id",
        "schedule_id",
        "scheduled_time",
        "fire_time",
        "idempotency_key",
        "work_queue_id",
        "epoch",
        "claimed_by",
        "job_variables",
        "limit_key",
        "priority",
    }
)


INSERT_FLOW_RUN = Insert(FlowRun, OF_DEPLOYMENTS)
INSERT_TASK_RUN = Insert(TaskRun)
INSERT_EVENT = Insert(Event)
INSERT_LOG = Insert(Log)
_UPDATE_RUN = (
    'UPDATE "{table}" SET "state_type" = ?, "state_name" = ?, "state_message" = ?, '
    '"state_timestamp" = ?, "run_count" = ?, "start_time" = coalesce("start_time", ?), '
    '"end_time" = ?, "client_id" = coalesce(?, "client_id") WHERE "id" = ?'
)
UPDATE_FLOW_RUN = Statement(_UPDATE_RUN.format(table="flow_run"))
UPDATE_TASK_RUN = Statement(_UPDATE_RUN.format(table="task_run"))
#: A process has begun a run that it was given.
ADOPT_FLOW_RUN = Statement('UPDATE "flow_run" SET "client_id" = ? WHERE "id" = ?')
UPDATE_COUNTS = Statement('UPDATE "flow_run" SET "task_run_counts" = ? WHERE "id" = ?')
_RENAME = 'UPDATE "{table}" SET "name" = ? WHERE "id" = ?'
RENAME = {table: Statement(_RENAME.format(table=table)) for table in ("flow_run", "task_run")}


@functools.cache
def known_runs(table: str, owner: str, count: int) -> Statement:
    """How runs stand, as many as are named by their ids; `owner` is another column to be read."""
    places = ", ".join("?" * count)
    return Statement(
        f'SELECT "id", "{owner}", "state_type", "state_name", "state_timestamp", "run_count" '
        f'FROM "{table}" WHERE "id" IN ({places})'
    )


@functools.cache
def known_counts(count: int) -> Statement:
    """The task runs' counts of flow runs, as many as are named by their ids."""
    places = ", ".join("?" * count)
    return Statement(f'SELECT "id", "task_run_counts" FROM "flow_run" WHERE "id" IN ({places})')


@functools.cache
def early_counts(count: int) -> Statement:
    """How many task runs of flow runs there are in each state, for as many flow runs as named."""
    places = ", ".join("?" * count)
    return Statement(
        'SELECT "flow_run_id", "state_type", COUNT(*) FROM "task_run" '
        f'WHERE "flow_run_id" IN ({places}) GROUP BY "flow_run_id", "state_type"'
    )


def encode_counts(counts: dict[StateType, int]) -> str:
    """The column `task_run_counts`."""
    return _json.encode({kind: count for kind, count in counts.items() if count}).decode()


def changed_row(run: Any, client: bytes | None) -> tuple[Any, ...]:
    """The parameters of an update: a run that was there before enters another state.

    `client` is the stream of the process that runs it, None when somebody else changes it.
    """
    state = run.state
    return (
        state.type.value,
        state.name,
        state.message,
        state.timestamp,
        state.run_count,
        run.start_time,
        run.end_time,
        client,
        run.id.bytes,
    )


def task_run_row(run: Any, client: bytes | None) -> tuple[Any, ...]:
    """The row of a new task run."""
    created, state, owner = run.created, run.state, run.flow_run_id
    return (
        run.id.bytes,
        owner.bytes if owner is not None else None,
        created.task_name,
        created.name,
        state.type.value,
        state.name,
        state.message,
        state.timestamp,
        state.run_count,
        _json.encode(created.tags).decode() if created.tags else None,
        _json.encode(created.inputs).decode() if created.inputs else None,
        created.state.timestamp,
        run.start_time,
        run.end_time,
        client,
    )


def flow_run_row(
    run: Any, flow_id: bytes, client: bytes, counts: dict[StateType, int]
) -> tuple[Any, ...]:
    """The row of a new flow run."""
    created, state = run.created, run.state
    parent, parent_task = created.parent_flow_run_id, created.parent_task_run_id
    return (
        run.id.bytes,
        flow_id,
        created.flow_version,
        created.name,
        state.type.value,
        state.name,
        state.message,
        state.timestamp,
        state.run_count,
        _json.encode(created.parameters).decode(),
        _json.encode(created.tags).decode(),
        parent.bytes if parent is not None else None,
        parent_task.bytes if parent_task is not None else None,
        client,
        created.state.timestamp,
        run.start_time,
        run.end_time,
        encode_counts(counts),
    )
