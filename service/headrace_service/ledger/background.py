"""Background runs of tasks: asked for from anywhere, claimed by task workers, and given back.

It goes with them as with the runs of deployments (`claims`): SCHEDULED until a worker claims them,
PENDING under a new epoch then, and what an earlier claimant says of them is refused. Before it
executes them the worker asks once more, since they may have been given back meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import merge
from itertools import accumulate, islice
from uuid import UUID

import msgspec
import peewee

from headrace.records import (
    TERMINAL_STATES,
    Name,
    ProcessInfo,
    Record,
    StateChange,
    StateType,
    TaskClaim,
    TaskRunChanged,
    TaskRunCreated,
    now_micros,
)
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.fold import fold_in
from headrace_service.ledger.leases import renew_process
from headrace_service.ledger.models import BackgroundRun, TaskRun
from headrace_service.ledger.queries.task_runs import TaskRunRow, task_runs_by_id
from headrace_service.ledger.state_changes import change_states
from headrace_service.ledger.statements import Insert, Statement, portions
from headrace_service.ledger.work_pools import WorkerCall, keep_worker
from headrace_service.rules import Actor

#: Bytes that the arguments of a run may have: they travel in one message, and are kept in a row.
MAX_ARGUMENTS = 16 * 1024 * 1024
#: Runs that a worker gets at once, and the bytes of arguments after which it gets no more.
MOST_CLAIMED, MOST_BYTES = 100, 16 * 1024 * 1024

_INSERT = Insert(BackgroundRun)
_CLAIM = Statement(
    'UPDATE "background_run" SET "claimed_by" = ?, "epoch" = ? WHERE "task_run_id" = ?'
)
_LET_GO = Statement('UPDATE "task_run" SET "client_id" = NULL WHERE "id" = ?')
_INPUTS = dict[str, list[UUID]]


class NewBackgroundRun(msgspec.Struct, frozen=True):
    """A run that somebody asks for; `inputs` and `tags` are as in `TaskRunCreated`."""

    id: UUID
    task_key: Name
    task_name: Name
    name: Name
    arguments: bytes
    tags: list[Name] = []
    inputs: dict[str, list[UUID]] = {}
    flow_run_id: UUID | None = None


class ClaimedTaskRun(msgspec.Struct, frozen=True):
    """A run that a task worker has claimed, with all that it needs to execute it.

    `awaits` are the task runs that have not ended and whose results go into it.
    """

    task_run_id: UUID
    task_key: str
    name: str
    epoch: int
    run_count: int
    tags: list[str]
    awaits: list[UUID]
    arguments: bytes


def enqueue(db: peewee.Database, wanted: NewBackgroundRun) -> TaskRunRow:
    """A run that waits for a task worker; asking again changes nothing.

    Raises:
        InvalidInput: the arguments are too large.
    """
    enqueue_all(db, [wanted])
    (row,) = task_runs_by_id(db, [wanted.id])
    assert row is not None
    return row


def enqueue_all(db: peewee.Database, wanted: Sequence[NewBackgroundRun]) -> None:
    """Runs that wait for a task worker, all or none; asking again for one changes nothing.

    Raises:
        InvalidInput: the arguments of one are too large.
    """
    now = now_micros()
    for one in wanted:
        if len(one.arguments) > MAX_ARGUMENTS:
            raise InvalidInput(
                f"the arguments of task '{one.task_name}' take {len(one.arguments):,} bytes, and "
                f"{MAX_ARGUMENTS:,} are allowed; pass where they stand instead",
                "arguments",
            )
    created: list[Record] = [
        TaskRunCreated(
            one.id,
            one.task_name,
            one.name,
            StateChange(StateType.SCHEDULED, "Scheduled", now),
            one.flow_run_id,
            one.tags,
            one.inputs,
        )
        for one in wanted
    ]
    known = {refused.index for refused in fold_in(db, created, Actor.SERVICE)}
    rows = [
        # On PostgreSQL, `bytes` are ids.
        (one.id.bytes, one.task_key, bytearray(one.arguments), 0, None)
        for index, one in enumerate(wanted)
        if index not in known
    ]
    _INSERT.run_many(db, rows)


def waiting(db: peewee.Database, task_keys: Sequence[str], limit: int) -> list[UUID]:
    """The runs of some tasks that wait for a worker, `limit` at most, the oldest first."""
    lines = []
    for key in set(task_keys):
        query = BackgroundRun.select(BackgroundRun.task_run_id).where(
            BackgroundRun.task_key == key, BackgroundRun.claimed_by.is_null(True)
        )
        query = query.order_by(BackgroundRun.task_run_id).limit(limit)
        lines.append([run_id for (run_id,) in query.tuples().execute(db)])
    return list(islice(merge(*lines), limit))


def claim_task_runs(
    db: peewee.Database,
    worker_id: UUID,
    task_keys: Sequence[str],
    limit: int,
    holding: Collection[UUID] | None = None,
) -> list[ClaimedTaskRun]:
    """Give a worker runs of the tasks that it serves: they are PENDING, and its own.

    `holding` are the runs that it knows to be its own. Others that it has claimed before and not
    begun are given back first: it does not know of them, since the answer was lost.
    """
    if holding is not None:
        release_background_runs(db, [worker_id], holding)
    run_ids = _fitting(db, waiting(db, task_keys, limit))
    if not run_ids:
        return []
    columns = (
        BackgroundRun.task_run_id,
        BackgroundRun.task_key,
        TaskRun.name,
        BackgroundRun.epoch,
        TaskRun.run_count,
        TaskRun.tags,
        TaskRun.inputs,
        BackgroundRun.arguments,
    )
    query = BackgroundRun.select(*columns).join(
        TaskRun, on=(TaskRun.id == BackgroundRun.task_run_id)
    )
    query = query.where(BackgroundRun.task_run_id.in_(run_ids))
    rows = sorted(query.tuples().execute(db))  # by their ids, the oldest first
    claims = [TaskClaim(row[0], row[3] + 1) for row in rows]
    _enter(db, StateType.PENDING, {row[0]: row[4] for row in rows})
    _hand_over(db, claims, worker_id)
    awaits = _not_ended(db, {row[0]: row[6] for row in rows if row[6]})
    return [
        ClaimedTaskRun(
            run_id,
            key,
            name,
            epoch + 1,
            count,
            msgspec.json.decode(tags, type=list[str]) if tags else [],
            awaits.get(run_id, []),
            bytes(arguments),
        )
        for run_id, key, name, epoch, count, tags, _, arguments in rows
    ]


def _fitting(db: peewee.Database, run_ids: list[UUID]) -> list[UUID]:
    """The first of the runs: so many that their arguments fit into one answer, and one at least."""
    size = peewee.fn.LENGTH(BackgroundRun.arguments)
    query = BackgroundRun.select(BackgroundRun.task_run_id, size)
    sizes = dict(query.where(BackgroundRun.task_run_id.in_(run_ids)).tuples().execute(db))
    before = accumulate((sizes[run_id] for run_id in run_ids), initial=0)
    return [run_id for run_id, taken in zip(run_ids, before, strict=False) if taken < MOST_BYTES]


def _not_ended(db: peewee.Database, inputs: Mapping[UUID, str]) -> dict[UUID, list[UUID]]:
    """Of each run's inputs, those that are task runs which have not ended."""
    found = {
        run_id: {key for keys in msgspec.json.decode(text, type=_INPUTS).values() for key in keys}
        for run_id, text in inputs.items()
    }
    open_runs: set[UUID] = set()
    for some in portions(set().union(*found.values())):
        query = TaskRun.select(TaskRun.id).where(
            TaskRun.id.in_(some),
            TaskRun.state_type.not_in([kind.value for kind in TERMINAL_STATES]),
        )
        open_runs |= {key for (key,) in query.tuples().execute(db)}
    return {run_id: sorted(keys & open_runs) for run_id, keys in found.items()}


def take_task_runs(
    db: peewee.Database, call: WorkerCall, limit: int, holding: Collection[UUID] | None = None
) -> tuple[list[ClaimedTaskRun], list[UUID]]:
    """Note that a task worker lives, and give it runs; those, and what it holds in vain.

    Args:
        db: the writer's database.
        call: the worker, and the tasks that it serves.
        limit: how many runs it takes at most.
        holding: the runs that it knows to be its own, if it tells; see `claim_task_runs`.

    Returns:
        What was claimed, and those it holds that have ended, or are somebody else's.
    """
    keep_worker(db, call)
    claimed = claim_task_runs(db, call.worker_id, call.task_keys or [], limit, holding)
    return claimed, lost_task_runs(db, call.worker_id, holding) if holding else []


def lost_task_runs(db: peewee.Database, worker_id: UUID, holding: Collection[UUID]) -> list[UUID]:
    """Those of the runs that a worker holds that are not its own: they have ended, or are given to
    somebody else, since the worker was not heard of.
    """
    query = BackgroundRun.select(BackgroundRun.task_run_id).where(
        BackgroundRun.task_run_id.in_(list(holding)), BackgroundRun.claimed_by == worker_id
    )
    own = {run_id for (run_id,) in query.tuples().execute(db)}
    return [run_id for run_id in holding if run_id not in own]


def begin_task_runs(
    db: peewee.Database,
    claims: Sequence[TaskClaim],
    client_id: UUID,
    process: ProcessInfo,
    now: int,
) -> list[UUID]:
    """Give claimed runs to their worker's process, whose own lease counts from here on.

    Asking again changes nothing.

    Args:
        db: the writer's database.
        claims: the runs that it is about to execute, and under which claims.
        client_id: the stream by which it will record what becomes of them.
        process: the process.
        now: microseconds.

    Returns:
        Those that it may execute. Others were given back meanwhile, or have ended.
    """
    epochs = {claim.task_run_id: claim.epoch for claim in claims}
    begun: list[UUID] = []
    for some in portions(epochs):
        query = (
            BackgroundRun.select(BackgroundRun.task_run_id, BackgroundRun.epoch)
            .join(TaskRun, on=(TaskRun.id == BackgroundRun.task_run_id))
            .where(
                BackgroundRun.task_run_id.in_(some),
                TaskRun.state_type == StateType.PENDING.value,
                TaskRun.client_id.is_null(True) | (TaskRun.client_id == client_id),
            )
        )
        rows = query.tuples().execute(db)
        given = [run_id for run_id, epoch in rows if epoch == epochs[run_id]]
        change = TaskRun.update({TaskRun.client_id: client_id})
        change.where(TaskRun.id.in_(given)).execute(db)
        begun += given
    if begun:
        renew_process(db, client_id, process, now)
    return begun


def release_background_runs(
    db: peewee.Database, worker_ids: Sequence[UUID], keep: Collection[UUID] = ()
) -> list[UUID]:
    """Give back what task workers have claimed and not begun, save `keep`. Returns those runs."""
    columns = (BackgroundRun.task_run_id, BackgroundRun.epoch, TaskRun.run_count)
    query = (
        BackgroundRun.select(*columns)
        .join(TaskRun, on=(TaskRun.id == BackgroundRun.task_run_id))
        .where(
            BackgroundRun.claimed_by.in_(list(worker_ids)),
            TaskRun.state_type == StateType.PENDING.value,
            TaskRun.client_id.is_null(True),  # else it has begun
            BackgroundRun.task_run_id.not_in(list(keep)),
        )
    )
    rows = list(query.tuples().execute(db))
    _enter(db, StateType.SCHEDULED, {run_id: count for run_id, _, count in rows})
    _hand_over(db, [TaskClaim(run_id, epoch + 1) for run_id, epoch, _ in rows], None)
    return [run_id for run_id, _, _ in rows]


def _enter(db: peewee.Database, kind: StateType, counts: Mapping[UUID, int]) -> None:
    """Let runs enter a state, each at the attempt that it is at."""
    now = now_micros()
    changes = [
        TaskRunChanged(run_id, StateChange(kind, kind.value.capitalize(), now, None, count))
        for run_id, count in counts.items()
    ]
    change_states(db, changes, Actor.SERVICE)


def _hand_over(db: peewee.Database, claims: Sequence[TaskClaim], worker_id: UUID | None) -> None:
    """Runs are at a worker, or at none, under new epochs; no process has begun them."""
    to = None if worker_id is None else worker_id.bytes
    _CLAIM.run_many(db, [(to, claim.epoch, claim.task_run_id.bytes) for claim in claims])
    _LET_GO.run_many(db, [(claim.task_run_id.bytes,) for claim in claims])
