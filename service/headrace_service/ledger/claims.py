"""Claims: runs of deployments are given to the workers that execute them, and given back.

    schedule fires ─┐                      worker claims            its process begins
                    ├─► SCHEDULED, due at ───────────────► PENDING ─────────────────────► RUNNING
    somebody asks  ─┘        ▲                               │        (`beginning`)
                             └───── released: its worker ────┘
                                    is gone

Each claim and each release begins a new epoch of the run. A process begins a run, and reports what
becomes of it, under the epoch that it was given: one whose claim was taken from it runs nothing,
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import peewee

from headrace.records import FlowRunChanged, SlotHolder, StateChange, StateType, now_micros
from headrace_service.admission import SECOND
from headrace_service.ledger.background import release_background_runs
from headrace_service.ledger.concurrency import release_runs
from headrace_service.ledger.crashes import try_again
from headrace_service.ledger.decode import NOBODY
from headrace_service.ledger.deployments import DeploymentRow, deployments_by_id
from headrace_service.ledger.desk import Desk
from headrace_service.ledger.guesses import note
from headrace_service.ledger.models import (
    NO_ID,
    Deployment,
    FlowRun,
    Process,
    Worker,
    WorkPool,
    WorkQueue,
)
from headrace_service.ledger.overlaps import is_in_turn
from headrace_service.ledger.run_limits import (
    IS_SCHEDULED,
    CollisionStrategy,
    Place,
    WaitingRun,
    limits_of_run,
    take_place,
)
from headrace_service.ledger.run_lines import (
    RANK,
    Behind,
    Share,
    Shut,
    stay_in_line,
    tell_behind,
    tell_shut,
)
from headrace_service.ledger.state_changes import (
    change_flow_run,
    change_states,
    log_for,
    state_of_flow_run,
)
from headrace_service.ledger.work_pools import queue_names
from headrace_service.rules import Actor

_HELD = (StateType.PENDING.value, StateType.RUNNING.value, StateType.CANCELLING.value)

#: Runs that are looked at together for one that can begin, at most.
MANY = 1000


class Claimant(msgspec.Struct, frozen=True):
    """Who wants runs: a worker of a pool (of all its queues, or of some), or, without a pool, the
    process that serves the deployments."""

    worker_id: UUID
    pool_id: UUID | None = None
    queues: list[str] | None = None
    deployment_ids: list[UUID] = []
    limit: int = 1
    #: The runs that it knows to be its own; None when it does not say.
    holding: frozenset[UUID] | None = None


class Claimed(msgspec.Struct, frozen=True):
    """A run that a worker has claimed, with all that it needs to execute it."""

    flow_run_id: UUID
    name: str
    epoch: int
    parameters: str
    job_variables: str
    scheduled_time: int
    run_count: int
    deployment: DeploymentRow


def next_due(db: peewee.Database, claimant: Claimant) -> int | None:
    """When the next of the runs that wait for a claimant is due; None when none waits."""
    query = _waiting(claimant).select(peewee.fn.MIN(FlowRun.scheduled_time))
    due: int | None = query.scalar(db)
    return due


def claim(db: peewee.Database, claimant: Claimant, now: int) -> list[Claimed]:
    """Give a worker runs that are due, `limit` at most: they are PENDING, and its own.

    Those of queues served first come first, then by the time they are due, less the head start of
    their priority. What it has claimed before and does not know of, since the answer was lost, is
    given back first. Those for which there is no slot of some limit wait, or are CANCELLED.
    """
    if claimant.holding is not None:
        release(db, [claimant.worker_id], claimant.holding)
    if claimant.pool_id is not None and _is_paused(db, claimant.pool_id):
        return []
    runs = _waiting(claimant).where(FlowRun.scheduled_time <= now, is_in_turn())
    desk, behind, shut = Desk(db, now), Behind(now), Shut(now)
    some_wait = stay_in_line(desk, runs)
    claimed: list[Claimed] = []
    where, room, left = _whereabouts(db, claimant.worker_id), claimant.limit, runs
    while len(claimed) < claimant.limit:
        rows = _due(db, claimant, shut.others(behind.others(left)), room)
        if not rows:
            break
        without: set[Share] = set()
        for row, owner, run in _with_limits(db, rows):
            share = Share.of(owner.id, row.work_queue_id, run.key)
            if share in without:
                continue
            if len(claimed) == claimant.limit:
                break
            place = take_place(desk, run, SlotHolder(*where, run.id))
            if place is Place.TAKEN:
                claimed.append(_give(db, claimant.worker_id, owner, row))
                continue
            without.add(share)
            some_wait = True
            shut.note(share, place, waits=run.waits)
        # Where some are full, others may be as well: more at a time are looked at.
        room = min(MANY, 2 * room) if without else claimant.limit - len(claimed)
        if shut.is_full():
            tell_shut(db, runs, shut)
            shut, left = Shut(now), _after(claimant, runs, rows[-1])
    if some_wait:
        tell_behind(db, runs, behind)
        tell_shut(db, runs, shut)
    return claimed


class _DueRow(NamedTuple):
    id: UUID
    name: str
    epoch: int
    parameters: str
    job_variables: str | None
    scheduled_time: int
    deployment_id: UUID
    run_count: int
    limit_key: str | None
    priority: int
    work_queue_id: UUID | None


def _due(db: peewee.Database, claimant: Claimant, runs: Any, limit: int) -> list[_DueRow]:
    """The first of the runs that are due."""
    query = runs.select(*[getattr(FlowRun, name) for name in _DueRow._fields])
    query = query.order_by(*_order(claimant)).limit(limit)
    return [_DueRow(*row) for row in query.tuples().execute(db)]


def _order(claimant: Claimant) -> list[Any]:
    """What the runs that wait for a claimant are looked at in the order of."""
    within = [RANK, FlowRun.id]
    return within if claimant.pool_id is None else [WorkQueue.priority, *within]


def _after(claimant: Claimant, runs: Any, last: _DueRow) -> Any:
    """Those of the runs that come after one."""
    place: list[Any] = [_rank(last), last.id.bytes]
    if claimant.pool_id is not None:
        of_queue = WorkQueue.alias("its")
        queue: Any = of_queue.select(of_queue.priority).where(of_queue.id == last.work_queue_id)
        place.insert(0, queue)
    return runs.where(peewee.Tuple(*_order(claimant)) > peewee.Tuple(*place))


def _rank(row: _DueRow) -> int:
    return row.scheduled_time - row.priority * SECOND


def _with_limits(
    db: peewee.Database, rows: Sequence[_DueRow]
) -> list[tuple[_DueRow, DeploymentRow, WaitingRun]]:
    """The runs with their deployments and with what bears on whether they may begin."""
    owners = deployments_by_id(db, list({row.deployment_id for row in rows}))
    known = {owner.id: owner for owner in owners if owner is not None}
    queues = queue_names(db, [row.work_queue_id for row in rows])
    found = []
    for row, queue in zip(rows, queues, strict=True):
        owner = known[row.deployment_id]
        named = msgspec.json.decode(owner.limits, type=list[str])
        run = WaitingRun(
            row.id,
            owner.id,
            limits_of_run(owner.full_name, named, queue),
            row.limit_key or "",
            _rank(row),
            owner.collision_strategy != CollisionStrategy.CANCEL_NEW.value,
        )
        found.append((row, owner, run))
    return found


def _whereabouts(db: peewee.Database, worker_id: UUID) -> tuple[str, int]:
    """The machine and the process of a worker."""
    query = Worker.select(Worker.host, Worker.pid).where(Worker.id == worker_id)
    return next(((host, pid) for host, pid in query.tuples().execute(db)), ("", 0))


def _give(db: peewee.Database, worker_id: UUID, owner: DeploymentRow, row: _DueRow) -> Claimed:
    """Make a run a worker's own."""
    change = StateChange(StateType.PENDING, "Pending", now_micros(), None, row.run_count)
    change_states(db, [FlowRunChanged(row.id, change)], Actor.SERVICE)
    values = {
        FlowRun.claimed_by: worker_id,
        FlowRun.epoch: row.epoch + 1,
        FlowRun.client_id: NOBODY,  # until a process begins it
    }
    FlowRun.update(values).where(FlowRun.id == row.id).execute(db)
    return Claimed(
        row.id,
        row.name,
        row.epoch + 1,
        row.parameters,
        row.job_variables or "{}",
        row.scheduled_time,
        row.run_count,
        owner,
    )


def _waiting(claimant: Claimant) -> Any:
    """The runs that wait for a claimant, due or not."""
    waits = (IS_SCHEDULED, FlowRun.deployment_id.is_null(False), FlowRun.claimed_by.is_null(True))
    query: Any = FlowRun.select(FlowRun.id).join(
        Deployment, on=(Deployment.id == FlowRun.deployment_id)
    )
    if claimant.pool_id is None:
        # Not by the index of deployments, which leads through all the runs that have ended.
        owner = peewee.fn.COALESCE(FlowRun.deployment_id, NO_ID)
        mine = owner.in_([key.bytes for key in claimant.deployment_ids])
        return query.where(*waits, mine, FlowRun.work_queue_id.is_null(True))
    query = query.join(WorkQueue, on=(WorkQueue.id == FlowRun.work_queue_id))
    query = query.where(*waits, WorkQueue.work_pool_id == claimant.pool_id, ~WorkQueue.paused)
    if claimant.queues is not None:
        query = query.where(WorkQueue.name.in_(claimant.queues))
    return query


def _is_paused(db: peewee.Database, pool_id: UUID) -> bool:
    """Whether a pool's runs wait; those of one that is gone do, too."""
    return not WorkPool.select().where(WorkPool.id == pool_id, ~WorkPool.paused).exists(db)


class Conclusion(NamedTuple):
    """The type of a run's state after its process has ended, and whether that was news."""

    state: StateType
    is_news: bool


def vouch(db: peewee.Database, worker_id: UUID, run_ids: Collection[UUID], now: int) -> None:
    """A worker sees the processes of its runs run: their leases begin anew.

    So a process that cannot say so itself, since its code does not let any other thread run, is not
    taken for dead.
    """
    clients = FlowRun.select(FlowRun.client_id).where(
        FlowRun.id.in_(list(run_ids)), FlowRun.claimed_by == worker_id
    )
    found = [client_id for (client_id,) in clients.tuples().execute(db)]
    if found:
        until = Process.duration + now
        Process.update(until=until).where(Process.client_id.in_(found)).execute(db)


def conclude(db: peewee.Database, run_id: UUID, epoch: int, message: str) -> Conclusion | None:
    """The process that executed a run has ended without a word of how: end the run for it.

    Returns:
        The state that the run is in now: SCHEDULED when its flow has a retry left, else CRASHED, or
        CANCELLED when it was to be cancelled; unless it had ended by itself or has been claimed
        anew. None when there is no such run.
    """
    current = state_of_flow_run(db, run_id)
    if current is None:
        return None
    held = FlowRun.select().where(FlowRun.id == run_id, FlowRun.epoch == epoch).exists(db)
    if not held or current.type.value not in _HELD:
        return Conclusion(current.type, False)
    if current.type is StateType.CANCELLING:
        change_flow_run(db, run_id, StateType.CANCELLED, "Cancelled", Actor.SERVICE)
        return Conclusion(StateType.CANCELLED, True)
    now = now_micros()
    if try_again(db, run_id, message, now):
        return Conclusion(StateType.SCHEDULED, True)
    crash = StateChange(StateType.CRASHED, "Crashed", now, message, current.run_count)
    change = FlowRunChanged(run_id, crash)
    if not change_states(db, [change], Actor.SERVICE):
        log_for(db, [change])
    # What the process had to say and could not deliver knows better.
    stream = FlowRun.select(FlowRun.client_id).where(FlowRun.id == run_id).scalar(db)
    note(db, [stream], now)
    return Conclusion(StateType.CRASHED, True)


def release(
    db: peewee.Database, worker_ids: Sequence[UUID], keep: Collection[UUID] = ()
) -> list[UUID]:
    """Give back what the workers have claimed and nobody has begun, save `keep`.

    Returns those runs. One that was to be cancelled is CANCELLED.
    """
    process = Process.select().where(Process.client_id == FlowRun.client_id)
    query = FlowRun.select(FlowRun.id, FlowRun.epoch, FlowRun.run_count, FlowRun.state_type).where(
        FlowRun.claimed_by.in_(list(worker_ids)),
        FlowRun.state_type.in_((StateType.PENDING.value, StateType.CANCELLING.value)),
        FlowRun.id.not_in(list(keep)),
        ~peewee.fn.EXISTS(process),  # one that has a process is its process's, and the reaper's
    )
    released: list[UUID] = []
    for run_id, epoch, count, kind in list(query.tuples().execute(db)):
        to = StateType.SCHEDULED if kind == StateType.PENDING.value else StateType.CANCELLED
        change = StateChange(to, to.value.capitalize(), now_micros(), None, count)
        change_states(db, [FlowRunChanged(run_id, change)], Actor.SERVICE)
        values = {FlowRun.claimed_by: None, FlowRun.epoch: epoch + 1}
        FlowRun.update(values).where(FlowRun.id == run_id).execute(db)
        released.append(run_id)
    release_runs(db, released)
    return released


def has_lapsed_workers(db: peewee.Database, now: int) -> bool:
    """Whether there are workers whose lease is over."""
    return bool(Worker.select().where(Worker.lease_until < now).exists(db))


def workers_by_process(db: peewee.Database) -> list[tuple[UUID, str]]:
    """The workers that tell who they are, each with the identity of its process."""
    query = Worker.select(Worker.id, Worker.identity).where(Worker.identity.is_null(False))
    return list(query.tuples().execute(db))


def extend_workers(db: peewee.Database, until: int) -> None:
    """Give every worker until a time to be heard of: nobody could hear them for a while."""
    Worker.update({Worker.lease_until: until}).where(Worker.lease_until < until).execute(db)


def release_lapsed(db: peewee.Database, now: int, ended: Collection[UUID] = ()) -> list[UUID]:
    """Give back what workers have claimed whose lease is over, and forget those workers.

    `ended` are others whose process was seen to have ended.
    """
    query = Worker.select(Worker.id).where((Worker.lease_until < now) | Worker.id.in_(list(ended)))
    gone = [key for (key,) in query.tuples().execute(db)]
    if not gone:
        return []
    released = release(db, gone)
    release_background_runs(db, gone)
    Worker.delete().where(Worker.id.in_(gone)).execute(db)
    return released


def release_worker(db: peewee.Database, worker_id: UUID) -> None:
    """A worker ends: give back what it has claimed, and forget it."""
    release(db, [worker_id])
    release_background_runs(db, [worker_id])
    Worker.delete().where(Worker.id == worker_id).execute(db)


def to_be_ended(
    db: peewee.Database, worker_id: UUID, holding: Collection[UUID] | None
) -> list[UUID]:
    """The runs whose process a worker has to end.

    Args:
        db: the database.
        worker_id: the worker.
        holding: the runs of which it has processes, if it tells.

    Returns:
        Its runs that somebody wants cancelled, and those that are no longer its own since somebody
        has suspended them.
    """
    cancelled = (FlowRun.claimed_by == worker_id) & (
        FlowRun.state_type == StateType.CANCELLING.value
    )
    suspended = (
        FlowRun.id.in_(list(holding or ()))
        & FlowRun.claimed_by.is_null()
        & (FlowRun.state_type == StateType.PAUSED.value)
    )
    query = FlowRun.select(FlowRun.id).where(cancelled | suspended)
    return [run_id for (run_id,) in query.tuples().execute(db)]
