"""Runs of deployments: created when somebody asks for one, or a schedule fires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import peewee
import uuid_utils

from headrace.records import FlowRunCreated, Name, StateChange, StateType, now_micros
from headrace_service.json_schema import in_words, problems
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.deployments import DeploymentRow, deployment
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.fold import fold_in
from headrace_service.ledger.made_once import Once
from headrace_service.ledger.models import FlowRun, WorkQueue
from headrace_service.ledger.run_limits import key_for
from headrace_service.ledger.run_merging import merge
from headrace_service.rules import Actor


class RunRequest(msgspec.Struct, frozen=True):
    """A run of a deployment that somebody asks for. Times are in microseconds since 1970 UTC."""

    deployment: str  #: its id, or its full name
    parameters: dict[str, Any] = {}
    name: Name | None = None
    tags: list[Name] = []
    scheduled_time: int | None = None
    idempotency_key: Name | None = None
    parent_task_run_id: UUID | None = None
    parent_flow_run_id: UUID | None = None
    work_queue: Name | None = None
    job_variables: dict[str, Any] = {}
    #: Seconds by which it goes before those that were due earlier.
    priority: Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)] = 0


def create_run(db: peewee.Database, wanted: RunRequest) -> UUID:
    """A run of a deployment, due now or at a time. Returns its id.

    With an idempotency key under which a run of the flow was asked for before, that run's. Of a
    deployment that is a singleton, or debounced, that of the run of the same key that there is: see
    `run_merging`.

    Raises:
        NotFound: there is no such deployment.
        InvalidInput: the parameters do not fit the deployment's schema, or name no key.
        Conflict: another deployment, or other parameters, were asked for under the idempotency key.
    """
    row = deployment(db, wanted.deployment)
    if (made := _made_before(db, row, wanted)) is not None:
        return made
    parameters = {**msgspec.json.decode(row.parameters), **wanted.parameters}
    if row.enforce_schema:
        schema = msgspec.json.decode(row.parameter_schema)
        whole = {"additionalProperties": False, **schema}
        if schema and (wrong := problems(whole, parameters, "the flow has no parameter")):
            raise InvalidInput(
                f"the parameters do not fit deployment {row.full_name!r}: {in_words(wrong)}",
                f"parameters.{wrong[0][0]}".rstrip("."),
            )
    now = now_micros()
    due = now if wanted.scheduled_time is None else wanted.scheduled_time
    key = key_for(row.limit_key, row.parameter_schema, parameters)
    if (merged := merge(db, row, key, parameters, due)) is not None:
        _once(row, wanted).note(db, merged)
        return merged
    if row.debounce is not None:
        due = max(due, now + row.debounce)
    extra: dict[Any, Any] = {
        FlowRun.idempotency_key: wanted.idempotency_key,
        FlowRun.priority: wanted.priority,
        FlowRun.job_variables: json_text(wanted.job_variables) if wanted.job_variables else None,
    }
    if wanted.work_queue is not None:
        extra[FlowRun.work_queue_id] = _other_queue(db, row, wanted.work_queue)
    run_id = insert_run(db, row, wanted, parameters, due, extra)
    _once(row, wanted).note(db, run_id)
    return run_id


def _made_before(db: peewee.Database, row: DeploymentRow, wanted: RunRequest) -> UUID | None:
    """The run that was made under the same idempotency key, or that stood for the one asked for.

    One that was deleted is made anew.
    """
    if wanted.idempotency_key is None:
        return None
    once = _once(row, wanted)
    once.forget_deleted(db, FlowRun)
    if (made := once.made(db)) is not None:
        return made
    query = FlowRun.select(FlowRun.id).where(  # what was asked for is forgotten before the run is
        FlowRun.flow_id == row.flow_id, FlowRun.idempotency_key == wanted.idempotency_key
    )
    for (run_id,) in query.tuples().execute(db):
        return UUID(bytes=run_id.bytes)
    return None


def _once(row: DeploymentRow, wanted: RunRequest) -> Once:
    """What keeps a request from being answered twice: the run's name, for one, is no part of it."""
    asked = (row.id, wanted.parameters)
    return Once(f"createFlowRun {row.flow_id}", wanted.idempotency_key, asked)


def insert_run(
    db: peewee.Database,
    row: DeploymentRow,
    wanted: RunRequest,
    parameters: Mapping[str, Any],
    due: int,
    extra: Mapping[Any, Any],
) -> UUID:
    """A new run that is due at a time; `extra` are more of its columns. Returns its id.

    Raises:
        InvalidInput: the parameters name no key; nothing was made.
    """
    key = key_for(row.limit_key, row.parameter_schema, parameters)
    run_id = UUID(bytes=uuid_utils.uuid7().bytes)
    created = FlowRunCreated(
        run_id,
        row.flow_name,
        wanted.name or _name_at(row.name, due),
        StateChange(StateType.SCHEDULED, "Scheduled", now_micros()),
        row.version,
        dict(parameters),
        sorted({*msgspec.json.decode(row.tags, type=list[str]), *wanted.tags}),
        wanted.parent_flow_run_id,
        wanted.parent_task_run_id,
    )
    fold_in(db, [created], Actor.SERVICE)
    values = {
        FlowRun.deployment_id: row.id,
        FlowRun.scheduled_time: due,
        FlowRun.work_queue_id: row.work_queue_id,
        FlowRun.limit_key: key,
        **extra,
    }
    FlowRun.update(values).where(FlowRun.id == run_id).execute(db)
    return run_id


def _name_at(name: str, due: int) -> str:
    """What a run that nobody named is called: its deployment, and when it is due."""
    moment = datetime.fromtimestamp(due // 1_000_000, UTC)
    return f"{name[:1000]}-{moment:%Y-%m-%dT%H:%M:%S}"


def _other_queue(db: peewee.Database, row: DeploymentRow, name: str) -> UUID:
    mine = WorkQueue.select(WorkQueue.work_pool_id).where(WorkQueue.id == row.work_queue_id)
    query = WorkQueue.select(WorkQueue.id).where(
        WorkQueue.work_pool_id == mine, WorkQueue.name == name
    )
    for (queue_id,) in query.tuples().execute(db):
        return UUID(bytes=queue_id.bytes)
    raise InvalidInput(f"the pool of {row.full_name!r} has no queue {name!r}", "workQueue")
