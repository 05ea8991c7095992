"""Rows of the event log as events with resources, which is what automations look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.models import (
    CUSTOM,
    STATES,
    Deployment,
    Event,
    Flow,
    FlowRun,
    TaskRun,
    WorkPool,
    WorkQueue,
)
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.rows import AUDIT, CustomPayload, StatePayload
from headrace_service.triggers import ID, NAME, ROLE, EventTrigger, Labels, Occurrence

#: How the names of events begin by which automations tell what they did. No trigger sees these:
#: two automations could otherwise keep each other going for ever.
OURS = "headrace.automation."
#: Nor what tells of API tokens: whoever may make automations could read it by one.
_UNSEEN = (OURS, AUDIT)
#: Events that are looked at together.
MANY = 1000

_state = msgspec.json.Decoder(StatePayload)
_custom = msgspec.json.Decoder(CustomPayload)
#: How resources of each kind of run are called.
_KINDS = {"flow_run": "flow-run", "task_run": "task-run"}


def news(
    db: peewee.Database, after: int, triggers: Sequence[EventTrigger]
) -> tuple[list[Occurrence], int]:
    """Events after a number, and up to which number they were looked at.

    Args:
        db: a database.
        after: the number.
        triggers: what looks at events; those whose names matter to none of them are left out.
    """
    newest = latest_event(db)
    columns = (Event.seq, Event.at, Event.kind, Event.flow_run_id, Event.subject_id, Event.payload)
    # Most events are of task runs, and most triggers have nothing to do with these.
    kinds = [
        kind
        for kind in STATES
        if any(one.may_name(f"headrace.{_KINDS[kind]}.") for one in triggers)
    ]
    query = Event.select(*columns).where(
        Event.seq > after, Event.seq <= newest, Event.kind.in_([*kinds, CUSTOM])
    )
    rows = list(query.order_by(Event.seq).limit(MANY).tuples().execute(db))
    found = []
    resources = _Resources(db)
    for row in rows:
        name, payload = _read(row[2], row[5])
        if not name.startswith(_UNSEEN) and any(one.names(name) for one in triggers):
            found.append(_occurrence(resources, row, name, payload))
    return found, rows[-1][0] if len(rows) == MANY else max(newest, after)


def _read(kind: str, text: str) -> tuple[str, StatePayload | CustomPayload]:
    if kind == CUSTOM:
        custom = _custom.decode(text)
        return custom.name, custom
    state = _state.decode(text)
    return f"headrace.{_KINDS[kind]}.{state.name}", state


def _occurrence(
    resources: _Resources, row: Sequence[Any], name: str, payload: StatePayload | CustomPayload
) -> Occurrence:
    seq, at, kind, owner, subject, _ = row
    around = [] if owner is None else resources.around(owner)
    if isinstance(payload, CustomPayload):
        run = [] if owner is None else [resources.flow_run(owner, "flow-run")]
        given = [*payload.related, *run, *around]
        return Occurrence(seq, str(subject), at, name, payload.resource, given, payload.payload)
    about = {
        ID: f"headrace.{_KINDS[kind]}.{subject}",
        NAME: resources.name_of(kind, subject),
        "headrace.run-count": str(payload.run_count),
        "headrace.state-type": payload.type.value,
        "headrace.state-name": payload.name,
        "headrace.state-message": payload.message or "",
    }
    if kind == "task_run" and owner is not None:
        around = [resources.flow_run(owner, "flow-run"), *around]
    state = {"type": payload.type.value, "name": payload.name, "message": payload.message}
    return Occurrence(
        seq, _id_of(subject, seq), at, name, about, around, {"validated_state": state}
    )


def _id_of(subject: UUID, seq: int) -> str:
    """An id for the entry into a state: that of the run, with the event's number at its end."""
    return str(UUID(int=(subject.int >> 64 << 64) | seq))


class _Resources:
    """What runs belong to, each looked up once."""

    def __init__(self, db: peewee.Database) -> None:
        self._db = db
        self._around: dict[UUID, list[Labels]] = {}
        self._names: dict[UUID, str] = {}

    def name_of(self, kind: str, run_id: UUID) -> str:
        """The name of a run; nothing when it was deleted."""
        if run_id not in self._names:
            table: Any = FlowRun if kind == "flow_run" else TaskRun
            query = table.select(table.name).where(table.id == run_id)
            self._names[run_id] = query.scalar(self._db) or ""
        return self._names[run_id]

    def flow_run(self, run_id: UUID, role: str) -> Labels:
        """A flow run as a related resource."""
        return _labels("flow-run", run_id, self.name_of("flow_run", run_id), role)

    def around(self, run_id: UUID) -> list[Labels]:
        """What a flow run belongs to: its flow, deployment, queue and pool; and its tags."""
        if run_id not in self._around:
            self._around[run_id] = self._look(run_id)
        return self._around[run_id]

    def _look(self, run_id: UUID) -> list[Labels]:
        query = (
            FlowRun.select(
                Flow.id,
                Flow.name,
                Deployment.id,
                Deployment.name,
                WorkQueue.id,
                WorkQueue.name,
                WorkPool.id,
                WorkPool.name,
                FlowRun.tags,
            )
            .left_outer_join(Flow, on=(Flow.id == FlowRun.flow_id))
            .switch(FlowRun)
            .left_outer_join(Deployment, on=(Deployment.id == FlowRun.deployment_id))
            .switch(FlowRun)
            .left_outer_join(WorkQueue, on=(WorkQueue.id == FlowRun.work_queue_id))
            .left_outer_join(WorkPool, on=(WorkPool.id == WorkQueue.work_pool_id))
            .where(FlowRun.id == run_id)
        )
        for row in query.tuples().execute(self._db):
            found = [
                _labels(kind, row[place], row[place + 1], kind)
                for place, kind in ((0, "flow"), (2, "deployment"), (4, "work-queue"))
                if row[place] is not None
            ]
            if row[6] is not None:
                found.append(_labels("work-pool", row[6], row[7], "work-pool"))
            tags = msgspec.json.decode(row[8], type=list[str])
            return [*found, *({ID: f"headrace.tag.{tag}", ROLE: "tag"} for tag in tags)]
        return []


def _labels(kind: str, key: UUID, name: str, role: str) -> Labels:
    return {ID: f"headrace.{kind}.{key}", NAME: name, ROLE: role}


def known_of(
    db: peewee.Database, event: Occurrence, automation: tuple[UUID, str]
) -> dict[str, Any]:
    """What templates can look up: the event, what it is about, and the automation."""
    known: dict[str, Any] = {
        "event": {
            "id": event.id,
            "event": event.name,
            "name": event.name,
            "occurred": _iso(event.at),
            "resource": {
                **event.resource,
                "id": event.resource.get(ID),
                "name": event.resource.get(NAME),
                "labels": event.resource,
            },
            "related": event.related,
            "payload": event.payload,
        },
        "automation": {"id": str(automation[0]), "name": automation[1]},
    }
    for labels in (event.resource, *event.related):
        for kind in ("flow-run", "task-run", "flow", "deployment", "work-queue", "work-pool"):
            beginning = f"headrace.{kind}."
            if labels.get(ID, "").startswith(beginning):
                thing = {"id": labels[ID].removeprefix(beginning), "name": labels.get(NAME)}
                known.setdefault(kind.replace("-", "_"), thing)
    if "flow_run" in known:
        known["flow_run"].update(_more_of(db, known["flow_run"]["id"]))
    return known


def _more_of(db: peewee.Database, run_id: str) -> dict[str, Any]:
    columns = (
        FlowRun.state_type,
        FlowRun.state_name,
        FlowRun.state_message,
        FlowRun.parameters,
        FlowRun.tags,
    )
    try:
        query = FlowRun.select(*columns).where(FlowRun.id == UUID(run_id))
    except ValueError:  # a program's own event can name what it likes
        return {}
    for kind, name, message, parameters, tags in query.tuples().execute(db):
        return {
            "state": {"type": kind, "name": name, "message": message},
            "parameters": msgspec.json.decode(parameters),
            "tags": msgspec.json.decode(tags),
        }
    return {}


def _iso(at: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.isoformat()
