"""The processes that record: a lease each, and what becomes of the runs of one that has ended.

A row is there for as long as a process has runs that have not ended. Each of its batches renews it,
empty ones included, which a process sends while nothing else happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import (
    FlowRunChanged,
    ProcessInfo,
    RecordBatch,
    StateChange,
    StateType,
    TaskRunChanged,
)
from headrace_service.ledger.concurrency import WAITER_LEASE, Outcome, free_slots_of
from headrace_service.ledger.models import FlowRun, Process, TaskRun, Waiter
from headrace_service.ledger.rows import insert_sql
from headrace_service.ledger.state_changes import change_states
from headrace_service.rules import Actor

_RENEW = insert_sql(Process).replace("INSERT", "INSERT OR REPLACE", 1)
_END = 'DELETE FROM "process" WHERE "client_id" = ?'

#: The types of states in which a run needs a process; and of those that have both sorts, the names
#: of the states in which it waits for somebody to take it up.
_OPEN = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
_SOMETIMES = (StateType.SCHEDULED, StateType.PAUSED)
_HELD_BY_PROCESS = ("AwaitingRetry", "AwaitingConcurrencySlot", "Paused")


class ProcessRow(msgspec.Struct, frozen=True):
    """A process that has runs which have not ended. Times are in microseconds."""

    client_id: UUID
    host: str
    pid: int
    identity: str
    direct: bool
    duration: int
    until: int


class Ended(msgspec.Struct, frozen=True):
    """A process that is taken for dead, and why, in the words of its runs' last state.

    `lapsed` tells that nothing but the end of its lease speaks for it.
    """

    process: ProcessRow
    reason: str
    lapsed: bool


_COLUMNS = [getattr(Process, name) for name in ProcessRow.__struct_fields__]


def renew_lease(db: peewee.SqliteDatabase, batch: RecordBatch, now: int) -> None:
    """Note that a stream's process lives, or that it has no runs any more that depend on it."""
    client_id, process = batch.client_id.bytes, batch.process
    if process is None:
        db.execute_sql(_END, (client_id,))
    else:
        db.execute_sql(_RENEW, _row(client_id, process, now))


def _row(client_id: bytes, process: ProcessInfo, now: int) -> tuple[Any, ...]:
    duration = round(process.lease_seconds * 1_000_000)
    about = (process.host, process.pid, process.identity, process.direct)
    return (client_id, *about, duration, now + duration)


def processes(db: peewee.Database) -> list[ProcessRow]:
    """All processes that have runs which have not ended."""
    return [ProcessRow(*row) for row in Process.select(*_COLUMNS).tuples().execute(db)]


def extend_leases(db: peewee.SqliteDatabase, now: int) -> None:
    """Let every lease begin anew: nobody could renew it while the service was away."""
    until = Process.duration + now
    Process.update(until=until).where(Process.until < until).execute(db)
    Waiter.update(until=now + WAITER_LEASE).where(Waiter.until < now + WAITER_LEASE).execute(db)


def reap(db: peewee.SqliteDatabase, ended: Sequence[Ended], now: int) -> Outcome:
    """End the runs of processes that have ended, and free their slots; answers how many runs."""
    dead = [each for each in ended if _is_so_still(db, each, now)]
    changes: list[FlowRunChanged | TaskRunChanged] = []
    for each in dead:
        for model, kind, change in (
            (TaskRun, "Task", TaskRunChanged),
            (FlowRun, "Flow", FlowRunChanged),
        ):
            message = f"{kind} run did not end by itself: {each.reason}"
            for run_id, run_count in _open_runs(db, model, each.process.client_id):
                state = StateChange(StateType.CRASHED, "Crashed", now, message, run_count)
                changes.append(change(run_id, state))
    refused = change_states(db, changes, Actor.SERVICE) if changes else []
    client_ids = [each.process.client_id for each in dead]
    Process.delete().where(Process.client_id.in_(client_ids)).execute(db)
    freed = free_slots_of(db, client_ids, now)
    return freed._replace(answer=len(changes) - len(refused))


def _is_so_still(db: peewee.SqliteDatabase, ended: Ended, now: int) -> bool:
    """Whether a process has not been heard of since it was looked at."""
    client_id = ended.process.client_id
    query = Process.select(Process.until).where(Process.client_id == client_id)
    return any(
        until == ended.process.until and (until <= now or not ended.lapsed)
        for (until,) in query.tuples().execute(db)
    )


def _open_runs(
    db: peewee.SqliteDatabase, model: type[FlowRun] | type[TaskRun], client_id: UUID
) -> list[tuple[UUID, int]]:
    """A process's runs that have not ended and cannot go on without it, innermost first."""
    is_open = model.state_type.in_([each.value for each in _OPEN]) | (
        model.state_type.in_([each.value for each in _SOMETIMES])
        & model.state_name.in_(_HELD_BY_PROCESS)
    )
    query = model.select(model.id, model.run_count).where(is_open, model.client_id == client_id)
    return list(query.order_by(model.id.desc()).tuples().execute(db))
