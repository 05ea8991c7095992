"""Deleting runs with all that hangs on them, a bounded number of rows at a time.

A flow run's own row goes first, so that nobody is shown a part of it, and a row of `Deletion` says
that there is more to delete: what a process has not come to is left to retention.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import StateType
from headrace_service.ledger.background_rows import forget
from headrace_service.ledger.concurrency import release_runs
from headrace_service.ledger.errors import Conflict
from headrace_service.ledger.models import (
    DELETED,
    Artifact,
    Deletion,
    Event,
    FlowRun,
    FlowRunInput,
    Log,
    Process,
    TaskRun,
)
from headrace_service.ledger.notices import tell
from headrace_service.ledger.state_changes import state_of_flow_run

if TYPE_CHECKING:
    from headrace_service.ledger import Ledger

#: Rows that one transaction deletes at most: some milliseconds' worth.
ROWS = 100


class Gone(msgspec.Struct):
    """What was deleted: how many rows, and the greatest places of events and log lines."""

    rows: int = 0
    event: int = 0
    log: int = 0


async def delete_flow_run(
    ledger: Ledger, run_id: UUID, states: frozenset[StateType] = frozenset(StateType)
) -> UUID:
    """Delete a flow run with its task runs, log lines, artifacts, inputs and history.

    Args:
        ledger: where it is.
        run_id: the run.
        states: only if it is in a state of these types.

    Its subflow runs stay, and so does an artifact that is the newest of its key.

    Raises:
        NotFound: there is no such run.
        Conflict: a process is at work on it, or it is in another state.
    """
    is_left = await ledger.awrite(begin_deletion, run_id, states)
    while is_left:
        is_left = await ledger.awrite(go_on_deleting, run_id)
    return run_id


def begin_deletion(
    db: peewee.Database, run_id: UUID, states: frozenset[StateType] = frozenset(StateType)
) -> bool:
    """Delete a flow run, and some of what hangs on it; whether there is more to `go_on_deleting`.

    What stays is the event that tells of it, for as long as events are kept.

    Raises:
        NotFound: there is no such run.
        Conflict: a process is at work on it, or it is in a state of another type than `states`.
    """
    current = state_of_flow_run(db, run_id)
    if current is not None:
        if current.type not in states:
            raise Conflict(f"flow run {run_id} is {current.name}", "id")
        if not current.type.is_terminal and _has_process(db, run_id):
            mend = "cancel it first"
            if current.type is StateType.CANCELLING:
                mend = "wait until its process has ended"
            raise Conflict(f"flow run {run_id} is {current.name}; {mend}", "id")
    tell(db, DELETED, run_id)
    vanish(db, run_id)
    return go_on_deleting(db, run_id)


def _has_process(db: peewee.Database, run_id: UUID) -> bool:
    """Whether a worker has claimed the run, or a process records it that counts as living."""
    records = Process.select().where(Process.client_id == FlowRun.client_id)
    is_taken = FlowRun.claimed_by.is_null(False) | peewee.fn.EXISTS(records)
    return bool(FlowRun.select().where(FlowRun.id == run_id, is_taken).exists(db))


def go_on_deleting(db: peewee.Database, run_id: UUID) -> bool:
    """Delete some of what is left of a flow run that has vanished; whether there is more."""
    return not delete_some(db, run_id, Gone())


def vanish(db: peewee.Database, run_id: UUID) -> None:
    """Let a flow run be seen no more; what hangs on it is to be deleted by `delete_some`."""
    release_runs(db, [run_id])
    FlowRun.delete().where(FlowRun.id == run_id).execute(db)
    Deletion.insert({Deletion.flow_run_id: run_id}).on_conflict_ignore().execute(db)


def unfinished_deletions(db: peewee.Database) -> list[UUID]:
    """The flow runs that have vanished, and of which there are rows left."""
    return [key for (key,) in Deletion.select(Deletion.flow_run_id).tuples().execute(db)]


def delete_some(db: peewee.Database, run_id: UUID, gone: Gone) -> bool:
    """Delete what is left of a flow run, until `gone` counts `ROWS`; whether nothing is left."""
    tasks = _take(db, TaskRun.id, TaskRun.flow_run_id == run_id, gone)
    forget(db, tasks)
    logs = _take(db, Log.seq, Log.flow_run_id == run_id, gone)
    events = _take(db, Event.seq, (Event.flow_run_id == run_id) & (Event.kind != DELETED), gone)
    gone.log, gone.event = max([gone.log, *logs]), max([gone.event, *events])
    _take(db, Artifact.id, (Artifact.flow_run_id == run_id) & _is_superseded(), gone)
    if gone.rows >= ROWS:
        return False
    gone.rows += FlowRunInput.delete().where(FlowRunInput.flow_run_id == run_id).execute(db)
    Deletion.delete().where(Deletion.flow_run_id == run_id).execute(db)
    return True


def delete_task_runs(db: peewee.Database, ids: Sequence[UUID], gone: Gone) -> None:
    """Delete task runs that hang on no flow run, with their history, log lines and artifacts."""
    for key in ids:
        logs = _take(db, Log.seq, Log.task_run_id == key, gone)
        events = _take(db, Event.seq, Event.subject_id == key, gone)
        gone.log, gone.event = max([gone.log, *logs]), max([gone.event, *events])
        _take(db, Artifact.id, (Artifact.task_run_id == key) & _is_superseded(), gone)
        if gone.rows >= ROWS:
            return
        forget(db, [key])
        gone.rows += TaskRun.delete().where(TaskRun.id == key).execute(db)


def _take(db: peewee.Database, key: Any, condition: Any, gone: Gone) -> list[Any]:
    """Delete rows, as many as `gone` has room for; returns their keys."""
    room = ROWS - gone.rows
    if room <= 0:
        return []
    query = key.model.select(key).where(condition).order_by(key).limit(room)
    found = [value for (value,) in query.tuples().execute(db)]
    if found:
        key.model.delete().where(key.in_(found)).execute(db)
        gone.rows += len(found)
    return found


def _is_superseded() -> Any:
    """Whether an artifact is not the one that counts under its key."""
    newer = Artifact.alias()
    found = newer.select(newer.id).where(newer.key == Artifact.key, newer.id > Artifact.id)
    return Artifact.key.is_null() | peewee.fn.EXISTS(found)
