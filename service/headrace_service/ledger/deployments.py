"""Deployments and their schedules and bundles: what is known of them, and what changes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
import peewee
import uuid_utils

from headrace.limit_keys import LONGEST
from headrace.records import FlowRunChanged, Name, StateChange, StateType, Text, now_micros
from headrace_service.ledger.automation_rows import forget_owned
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.deployment_schedules import (
    MAX_SCHEDULES,
    ScheduleInput,
    ScheduleRow,
    apply_schedules,
    plan_schedules,
    schedules_of,
)
from headrace_service.ledger.errors import InvalidInput, NotFound
from headrace_service.ledger.flows import flow_named
from headrace_service.ledger.models import (
    Bundle,
    ConcurrencyLimit,
    Deployment,
    Flow,
    FlowRun,
    Schedule,
)
from headrace_service.ledger.revisions import check_revision, revise
from headrace_service.ledger.run_limits import key_for, limit_of_deployment, set_limit
from headrace_service.ledger.state_changes import change_states
from headrace_service.ledger.work_pools import DEFAULT_QUEUE, pool_to_use, queue_for
from headrace_service.rules import Actor

#: The bytes that a bundle may have.
MAX_BUNDLE = 32 * 1024 * 1024
#: Limits that one deployment names.
MAX_LIMITS = 100


class DeploymentRow(msgspec.Struct, frozen=True):
    """A deployment with its flow. `tags`, `limits`, `retry_delays` and the objects are JSON texts;
    times are in microseconds since 1970 UTC. `concurrency_limit` is that of its own name, if there
    is one."""

    id: UUID
    flow_id: UUID
    name: str
    description: str | None
    version: str | None
    tags: str
    parameters: str
    parameter_schema: str
    enforce_schema: bool
    entrypoint: str | None
    folder: str | None
    bundle_key: str | None
    work_queue_id: UUID | None
    job_variables: str
    collision_strategy: str | None
    limits: str
    limit_key: str | None
    debounce: int | None
    singleton: bool
    retries: int
    retry_delays: str
    paused: bool
    created_at: int
    updated_at: int
    revision: int
    flow_name: str
    concurrency_limit: int | None

    @property
    def full_name(self) -> str:
        """`flow/deployment`."""
        return f"{self.flow_name}/{self.name}"


#: Seconds before a retry.
Delay = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class DeploymentInput(msgspec.Struct, frozen=True):
    """A deployment as it is asked for. `paused` and `schedules` that are None stay as they were."""

    flow_name: Name
    name: Name
    description: Text | None = None
    version: Name | None = None
    tags: list[Name] = []
    parameters: dict[str, Any] = {}
    parameter_schema: dict[str, Any] = {}
    enforce_schema: bool = True
    entrypoint: Text | None = None
    folder: Text | None = None
    bundle_key: Name | None = None
    work_pool: Name | None = None
    work_queue: Name | None = None
    job_variables: dict[str, Any] = {}
    concurrency_limit: int | None = None
    collision_strategy: str | None = None
    limits: Annotated[list[Name], msgspec.Meta(max_length=MAX_LIMITS)] = []
    limit_key: Annotated[str, msgspec.Meta(max_length=LONGEST)] | None = None
    debounce_seconds: Annotated[float, msgspec.Meta(ge=0, le=10_000_000)] | None = None
    singleton: bool = False
    retries: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0
    retry_delays: Annotated[list[Delay], msgspec.Meta(max_length=100)] = []
    paused: bool | None = None
    expected_revision: int | None = None
    schedules: Annotated[list[ScheduleInput], msgspec.Meta(max_length=MAX_SCHEDULES)] | None = None


# -- reading ----------------------------------------------------------------------------------

_COLUMNS = [getattr(Deployment, name) for name in DeploymentRow.__struct_fields__[:-2]]


def deployment_rows(*columns: Any) -> Any:
    """A select of deployments with their flow and own limit: the columns of a `DeploymentRow`, or
    others."""
    own: Any = peewee.Value(limit_of_deployment(""))
    for part in (Flow.name, "/", Deployment.name):
        own = peewee.StringExpression(own, peewee.OP.CONCAT, part)
    return (
        Deployment.select(*(columns or (*_COLUMNS, Flow.name, ConcurrencyLimit.slots)))
        .join(Flow, on=(Flow.id == Deployment.flow_id))
        .switch(Deployment)
        .left_outer_join(ConcurrencyLimit, on=(ConcurrencyLimit.name == own))
    )


def deployments(db: peewee.Database, flow_name: str | None = None) -> list[DeploymentRow]:
    """All deployments, or a flow's, by flow and name."""
    query = deployment_rows().order_by(Flow.name, Deployment.name)
    if flow_name is not None:
        query = query.where(Flow.name == flow_name)
    return [DeploymentRow(*row) for row in query.tuples().execute(db)]


def deployment_marks(
    db: peewee.Database, flow_name: str | None = None
) -> dict[UUID, tuple[object, ...]]:
    """By its id, what differs when a deployment, its limit or one of its schedules has changed."""
    firing: dict[UUID, list[tuple[object, ...]]] = {}
    columns = (Schedule.deployment_id, Schedule.id, Schedule.revision, Schedule.next_fire)
    schedules = Schedule.select(*columns).order_by(Schedule.deployment_id, Schedule.id)
    own = deployment_rows(Deployment.id, Deployment.revision, ConcurrencyLimit.slots)
    own = own.order_by(Flow.name, Deployment.name)
    if flow_name is not None:
        own = own.where(Flow.name == flow_name)
        of_flow = Deployment.select(Deployment.id).join(Flow, on=(Flow.id == Deployment.flow_id))
        of_flow = of_flow.where(Flow.name == flow_name)
        schedules = schedules.where(Schedule.deployment_id.in_(of_flow))
    for key, *mark in schedules.tuples().execute(db):
        firing.setdefault(key, []).append(tuple(mark))
    rows = own.tuples().execute(db)
    return {key: (*mark, *firing.get(key, ())) for key, *mark in rows}


def deployment(db: peewee.Database, which: UUID | str) -> DeploymentRow:
    """A deployment by its id or by `flow/deployment`.

    Raises:
        NotFound: there is none.
    """
    flow_name, slash, name = str(which).rpartition("/")
    if slash:
        query = deployment_rows().where(Flow.name == flow_name, Deployment.name == name)
    else:
        query = deployment_rows().where(Deployment.id == _id_in(name))
    for row in query.tuples().execute(db):
        return DeploymentRow(*row)
    raise NotFound(f"there is no deployment {str(which)!r}; see `headrace deployment ls`")


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def deployments_by_id(db: peewee.Database, ids: Sequence[UUID]) -> list[DeploymentRow | None]:
    """The deployment of each id; None where there is none."""
    query = deployment_rows().where(Deployment.id.in_(list(ids)))
    found = {row[0]: DeploymentRow(*row) for row in query.tuples().execute(db)}
    return [found.get(key) for key in ids]


def bundle(db: peewee.Database, key: str) -> tuple[bytes, str]:
    """A bundle's content, and as JSON what it takes to open it.

    Raises:
        NotFound: there is none.
    """
    query = Bundle.select(Bundle.content, Bundle.about).where(Bundle.key == key)
    for content, about in query.tuples().execute(db):
        return bytes(content), about
    raise NotFound(f"there is no bundle {key!r}", "key")


# -- changing ---------------------------------------------------------------------------------


def put_bundle(db: peewee.Database, content: bytes, about: dict[str, Any]) -> str:
    """Keep a bundle, unless it is there already. Returns its key.

    Raises:
        InvalidInput: it is too large.
    """
    if len(content) > MAX_BUNDLE:
        message = f"a bundle of {len(content):,} bytes is too large: use {MAX_BUNDLE:,} at most"
        raise InvalidInput(message, "content")
    key = hashlib.sha256(content).hexdigest()
    row = {
        Bundle.key: key,
        Bundle.content: content,
        Bundle.about: json_text(about),
        Bundle.created_at: now_micros(),
    }
    # One that is there counts as new: retention is to leave it until its deployment is made.
    again = Bundle.insert(row).on_conflict(
        conflict_target=[Bundle.key], preserve=[Bundle.created_at]
    )
    again.execute(db)
    return key


def apply_deployment(db: peewee.Database, wanted: DeploymentInput) -> DeploymentRow:
    """Create a deployment, or bring the one of that name to what is asked for.

    Asking for the same again changes nothing: its schedules keep their ids and go on as they were.

    Raises:
        NotFound: there is no such work pool.
        Conflict: it is not at the revision that is expected.
        InvalidInput: a schedule makes no sense, or gives no parameter that the key names; the limit
            is less than 0; or the name cannot be part of `flow/name`.
    """
    if "/" in wanted.name:
        raise InvalidInput(f"name: {wanted.name[:80]!r} has a slash; it is for `flow/name`", "name")
    now = now_micros()
    if wanted.concurrency_limit is not None and wanted.concurrency_limit < 0:
        message = f"a concurrency limit of {wanted.concurrency_limit} makes no sense: use 0 or more"
        raise InvalidInput(message, "concurrencyLimit")
    flow_id = flow_named(db, wanted.flow_name, now).id
    before = _standing(db, flow_id, wanted.name)
    values = _values(db, wanted)
    if before is None:
        key = UUID(bytes=uuid_utils.uuid7().bytes)
        new = {
            Deployment.id: key,
            Deployment.flow_id: flow_id,
            Deployment.name: wanted.name,
            Deployment.paused: False,
            Deployment.created_at: now,
            Deployment.updated_at: now,
        }
        Deployment.insert({**new, **values}).execute(db)
    else:
        key = before.row.id
        noun = f"deployment {before.row.full_name}"
        check_revision(noun, before.row.revision, wanted.expected_revision)
        Deployment.update(values).where(Deployment.id == key).execute(db)
    if before is None or before.row.concurrency_limit != wanted.concurrency_limit:
        own_limit = limit_of_deployment(f"{wanted.flow_name}/{wanted.name}")
        set_limit(db, own_limit, wanted.concurrency_limit, now)
    if wanted.schedules is not None:
        apply_schedules(db, key, wanted.schedules, now)
    if before is not None and _standing(db, flow_id, wanted.name) != before:
        revise(db, Deployment, key, noun, None)
        Deployment.update({Deployment.updated_at: now}).where(Deployment.id == key).execute(db)
    row = deployment(db, key)
    _check_keys(db, row)
    plan_schedules(db, key, now, paused=row.paused)
    return row


def _values(db: peewee.Database, wanted: DeploymentInput) -> dict[Any, Any]:
    """The columns that a deployment has as it is asked for; its queue is created if need be.

    Raises:
        NotFound: there is no such work pool.
    """
    queue = None
    if wanted.work_pool is not None:
        pool = pool_to_use(db, wanted.work_pool)
        queue = queue_for(db, pool.id, wanted.work_queue or DEFAULT_QUEUE)
    values: dict[Any, Any] = {
        Deployment.description: wanted.description,
        Deployment.version: wanted.version,
        Deployment.tags: json_text(wanted.tags),
        Deployment.parameters: json_text(wanted.parameters),
        Deployment.parameter_schema: json_text(wanted.parameter_schema),
        Deployment.enforce_schema: wanted.enforce_schema,
        Deployment.entrypoint: wanted.entrypoint,
        Deployment.folder: wanted.folder,
        Deployment.bundle_key: wanted.bundle_key,
        Deployment.work_queue_id: queue,
        Deployment.job_variables: json_text(wanted.job_variables),
        Deployment.collision_strategy: wanted.collision_strategy,
        Deployment.limits: json_text(wanted.limits),
        Deployment.limit_key: wanted.limit_key,
        Deployment.debounce: None
        if not wanted.debounce_seconds
        else round(wanted.debounce_seconds * 1_000_000),
        Deployment.singleton: wanted.singleton,
        Deployment.retries: wanted.retries,
        Deployment.retry_delays: json_text(wanted.retry_delays),
    }
    if wanted.paused is not None:
        values[Deployment.paused] = wanted.paused
    return values


class _Standing(NamedTuple):
    """What an edit of a deployment may change."""

    row: DeploymentRow
    schedules: list[ScheduleRow]


def _standing(db: peewee.Database, flow_id: UUID, name: str) -> _Standing | None:
    """A deployment as it is now, if there is one of that name."""
    query = Deployment.select(Deployment.id).where(
        Deployment.flow_id == flow_id, Deployment.name == name
    )
    for (key,) in query.tuples().execute(db):
        (schedules,) = schedules_of(db, [key])
        return _Standing(deployment(db, key), schedules)
    return None


def _check_keys(db: peewee.Database, row: DeploymentRow) -> None:
    """Make sure that a key can be made of the parameters of each schedule: else it makes no runs.

    Raises:
        InvalidInput: a schedule's parameters and the deployment's have none that the key names.
    """
    for schedule in schedules_of(db, [row.id])[0]:
        parameters = {**msgspec.json.decode(row.parameters), **schedule.parameters}
        key_for(row.limit_key, row.parameter_schema, parameters)


def set_deployment_paused(
    db: peewee.Database, which: UUID | str, paused: bool, expected: int | None = None
) -> DeploymentRow:
    """Let a deployment's schedules rest, or go on from now.

    Raises:
        NotFound: there is no such deployment.
        Conflict: it is not at the revision that is expected.
    """
    row = deployment(db, which)
    revise(db, Deployment, row.id, f"deployment {row.full_name}", expected)
    Deployment.update({Deployment.paused: paused}).where(Deployment.id == row.id).execute(db)
    plan_schedules(db, row.id, now_micros(), paused=paused)
    return deployment(db, row.id)


def delete_deployment(db: peewee.Database, which: UUID | str) -> UUID:
    """Forget a deployment with its schedules and automations, and cancel its runs that wait.

    Returns its id.

    Raises:
        NotFound: there is no such deployment.
    """
    row = deployment(db, which)
    key = row.id
    _cancel_waiting(db, key)
    set_limit(db, limit_of_deployment(row.full_name), None, now_micros())
    Schedule.delete().where(Schedule.deployment_id == key).execute(db)
    forget_owned(db, f"headrace.deployment.{key}")
    Deployment.delete().where(Deployment.id == key).execute(db)
    return key


def _cancel_waiting(db: peewee.Database, deployment_id: UUID) -> None:
    """Cancel a deployment's runs that nobody could take up without it."""
    is_waiting = (FlowRun.state_type == StateType.SCHEDULED.value) & FlowRun.claimed_by.is_null()
    is_suspended = (FlowRun.state_type == StateType.PAUSED.value) & (
        FlowRun.state_name == "Suspended"
    )
    query = FlowRun.select(FlowRun.id, FlowRun.run_count).where(
        FlowRun.deployment_id == deployment_id, is_waiting | is_suspended
    )
    message, now = "Its deployment was deleted.", now_micros()
    changes = [
        FlowRunChanged(run_id, StateChange(StateType.CANCELLED, "Cancelled", now, message, count))
        for run_id, count in query.tuples().execute(db)
    ]
    change_states(db, changes, Actor.USER)
