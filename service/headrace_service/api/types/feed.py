"""The messages of the feeds: lists of what has happened, with the cursor to go on from."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from uuid import UUID

import strawberry

from headrace_service.api.filters import LedgerEventKind
from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.api.scalars import Cursor, DateTime
from headrace_service.api.sharing import Answers
from headrace_service.api.types.event import Event
from headrace_service.api.types.flow_run import FlowRun
from headrace_service.api.types.log import LogLine, optional_id
from headrace_service.api.types.state import State
from headrace_service.api.types.task_run import TaskRun
from headrace_service.ledger.models import DELETED, EDITED
from headrace_service.ledger.queries.custom_events import CustomEventRow
from headrace_service.ledger.tail import EventRow
from headrace_service.ledger.tail import LedgerEvent as Row


@strawberry.enum(description="What an event tells of a flow run.")
class FlowRunEventKind(enum.Enum):
    """The kinds of events of flow runs."""

    STATE = strawberry.enum_value("STATE", description="It has entered a state.")
    PROGRESS = strawberry.enum_value("PROGRESS", description="Its task runs have changed.")
    EDITED = strawberry.enum_value(
        "EDITED", description="Its name, or what else is said of it, was changed."
    )
    DELETED = strawberry.enum_value("DELETED", description="It was deleted.")


_KINDS = {
    "flow_run": FlowRunEventKind.STATE,
    "task_run": FlowRunEventKind.PROGRESS,
    EDITED: FlowRunEventKind.EDITED,
    DELETED: FlowRunEventKind.DELETED,
}


@strawberry.type(description="Something has happened to a flow run.")
class FlowRunEvent:
    """An event of a flow run."""

    answers: strawberry.Private[Answers]

    cursor: Cursor = strawberry.field(description="Its place in the feed.")
    kind: FlowRunEventKind = strawberry.field(description="What it tells of.")
    flow_run_id: strawberry.ID = strawberry.field(description="The flow run.")
    state: State | None = strawberry.field(
        description="The state that was entered, or that it was in when it was edited or deleted; "
        "null when the event tells of progress."
    )

    flow_run: FlowRun | None = strawberry.field(
        description="The flow run as it is now, which may be later than the event; null when it is "
        "deleted."
    )

    @classmethod
    def of(cls, row: EventRow, runs: Mapping[UUID, FlowRun]) -> FlowRunEvent:
        """The event of a row of the feed; one of a task run is its flow run's progress."""
        run_id = flow_run_of(row)
        kind = _KINDS[row.kind]
        return cls(
            cursor=encode_cursor(Place.EVENT, row.seq),
            kind=kind,
            flow_run_id=strawberry.ID(str(run_id)),
            state=None if kind is FlowRunEventKind.PROGRESS else State.of(row.at, row.payload),
            flow_run=runs.get(run_id),
            answers=Answers(),
        )


def flow_run_of(row: EventRow) -> UUID:
    """The flow run that an event tells of, or whose task run it tells of."""
    return row.subject_id if row.flow_run_id is None else row.flow_run_id


@strawberry.type(description="What has happened to flow runs, in order.")
class FlowRunEvents:
    """A message of the feed of flow runs."""

    events: list[FlowRunEvent] = strawberry.field(description="The events, oldest first, if any.")
    cursor: Cursor = strawberry.field(description="Subscribe `after` it to go on from here.")


@strawberry.type(description="A task run has entered a state.")
class TaskRunEvent:
    """An event of a task run."""

    answers: strawberry.Private[Answers]

    cursor: Cursor = strawberry.field(description="Its place in the feed.")
    task_run_id: strawberry.ID = strawberry.field(description="The task run.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        description="The flow run that it belongs to, if any."
    )
    state: State = strawberry.field(description="The state that was entered.")

    task_run: TaskRun | None = strawberry.field(
        description="The task run as it is now, which may be later than the event."
    )

    @classmethod
    def of(cls, row: EventRow, runs: Mapping[UUID, TaskRun]) -> TaskRunEvent:
        """The event of a row of the feed."""
        return cls(
            cursor=encode_cursor(Place.EVENT, row.seq),
            task_run_id=strawberry.ID(str(row.subject_id)),
            flow_run_id=optional_id(row.flow_run_id),
            state=State.of(row.at, row.payload),
            task_run=runs.get(row.subject_id),
            answers=Answers(),
        )


@strawberry.type(description="What has happened to task runs, in order.")
class TaskRunEvents:
    """A message of the feed of task runs."""

    events: list[TaskRunEvent] = strawberry.field(description="The events, oldest first, if any.")
    cursor: Cursor = strawberry.field(description="Subscribe `after` it to go on from here.")


def kind_of(row: Row) -> LedgerEventKind:
    """What an event of the ledger tells of."""
    return LedgerEventKind.CUSTOM if isinstance(row, CustomEventRow) else LedgerEventKind(row.kind)


@strawberry.type(description="Something has happened.")
class LedgerEvent:
    """An event of the ledger."""

    answers: strawberry.Private[Answers]

    cursor: Cursor = strawberry.field(description="Its place in the feed.")
    kind: LedgerEventKind = strawberry.field(description="What it tells of.")
    occurred: DateTime = strawberry.field(description="When it happened.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        description="The flow run that it belongs to, if any."
    )
    task_run_id: strawberry.ID | None = strawberry.field(
        description="The task run that has entered a state, if it was one."
    )
    state: State | None = strawberry.field(
        description="The state that a run has entered, or that a flow run was in when it was "
        "edited or deleted; null when a user's program tells of something."
    )
    event: Event | None = strawberry.field(
        description="What a user's program tells of; null when a run has entered a state."
    )

    @classmethod
    def of(cls, row: Row) -> LedgerEvent:
        """The event of a row of the feed."""
        owner, task_run, state, event = row.flow_run_id, None, None, None
        if isinstance(row, CustomEventRow):
            event = Event.of(row)
        else:
            state = State.of(row.at, row.payload)
            if row.kind == "task_run":
                task_run = row.subject_id
            else:
                owner = row.subject_id
        return cls(
            cursor=encode_cursor(Place.EVENT, row.seq),
            kind=kind_of(row),
            occurred=DateTime(row.at),
            flow_run_id=optional_id(owner),
            task_run_id=optional_id(task_run),
            state=state,
            event=event,
            answers=Answers(),
        )


@strawberry.type(description="What has happened, in order.")
class LedgerEvents:
    """A message of the feed of the event log."""

    events: list[LedgerEvent] = strawberry.field(description="The events, oldest first, if any.")
    cursor: Cursor = strawberry.field(description="Subscribe `after` it to go on from here.")


@strawberry.type(description="New log lines, in order.")
class LogLines:
    """A message of the feed of log lines."""

    lines: list[LogLine] = strawberry.field(description="The lines, oldest first, if any.")
    cursor: Cursor = strawberry.field(description="Subscribe `after` it to go on from here.")
