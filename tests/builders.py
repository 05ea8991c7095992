"""Records for tests, with what does not matter filled in."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

import peewee
import uuid_utils.compat as uuids

from headrace.records import (
    EventEmitted,
    FlowRunChanged,
    FlowRunCreated,
    LogLine,
    Record,
    RecordBatch,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
)
from headrace_service.ledger.models import Event, Log, Retention

_DAY = 86_400_000_000
#: A midnight in UTC, in microseconds; tests that need a time start here. It is a recent one, as a
#: service deletes what is older than it is to be kept.
EPOCH = (time.time_ns() // 1_000 // _DAY - 1) * _DAY


def iso(at: int = EPOCH) -> str:
    """How a point in time is written in answers."""
    return f"{datetime.fromtimestamp(at // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1_000_000:06}Z"


def state(
    kind: str, name: str | None = None, *, at: int = EPOCH, run_count: int = 1, message: str = ""
) -> StateChange:
    """A state; its name is its type's in ordinary writing unless given."""
    return StateChange(StateType(kind), name or kind.capitalize(), at, message or None, run_count)


def flow_run(
    flow_name: str = "etl", name: str = "calm-heron", *, parent: UUID | None = None
) -> FlowRunCreated:
    """A flow run that has just begun."""
    return FlowRunCreated(
        uuids.uuid7(), flow_name, name, state("RUNNING"), parent_flow_run_id=parent
    )


def task_run(owner: FlowRunCreated | None, name: str = "load") -> TaskRunCreated:
    """A task run that has just begun."""
    return TaskRunCreated(
        uuids.uuid7(), name, name, state("RUNNING"), flow_run_id=owner.id if owner else None
    )


def enters(run: FlowRunCreated | TaskRunCreated, change: StateChange) -> Record:
    """The record that a run enters a state."""
    kind = FlowRunChanged if isinstance(run, FlowRunCreated) else TaskRunChanged
    return kind(run.id, change)


def log_line(owner: FlowRunCreated | None, message: str = "hello", level: int = 20) -> LogLine:
    """A log line of a flow run."""
    return LogLine(EPOCH, level, "test", message, flow_run_id=owner.id if owner else None)


def custom_event(owner: FlowRunCreated | None, name: str = "order.shipped") -> EventEmitted:
    """An event that a user's program has emitted."""
    return EventEmitted(uuids.uuid7(), EPOCH, name, {}, flow_run_id=owner.id if owner else None)


class Stream:
    """One client's batches, numbered as they are made."""

    def __init__(self) -> None:
        self.client_id: UUID = uuids.uuid7()
        self.number = 0

    def batch(self, *records: Record) -> RecordBatch:
        """The next batch."""
        self.number += 1
        return RecordBatch(self.client_id, self.number, list(records))


def delete_old(db: peewee.Database, model: type[Event] | type[Log], up_to: int) -> None:
    """What retention does: the rows up to a place are gone, and it is known that they were."""
    model.delete().where(model.seq <= up_to).execute(db)
    row = {"kind": model._meta.table_name, "deleted_to": up_to, "looked_to": up_to, "deleted": 1}
    Retention.insert(row).on_conflict(
        conflict_target=[Retention.kind], preserve=[Retention.deleted_to]
    ).execute(db)
