"""Why a run that waits is not running. Pure: what bears on it is an argument.

Nothing of this is stored: it is what holds a run back at the moment at which somebody asks.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from headrace_service.admission import Capacity, Held, admits, free_at, has_room


class Reason(enum.Enum):
    """What holds a run back."""

    NOT_DUE = "NOT_DUE"
    AWAITING_RETRY = "AWAITING_RETRY"
    AWAITING_RESUME = "AWAITING_RESUME"
    POOL_PAUSED = "POOL_PAUSED"
    QUEUE_PAUSED = "QUEUE_PAUSED"
    NO_WORKER = "NO_WORKER"
    WORKERS_BUSY = "WORKERS_BUSY"
    POOL_LIMIT = "POOL_LIMIT"
    QUEUE_LIMIT = "QUEUE_LIMIT"
    DEPLOYMENT_LIMIT = "DEPLOYMENT_LIMIT"
    CONCURRENCY_LIMIT = "CONCURRENCY_LIMIT"
    OVERLAP = "OVERLAP"


class Blocker(msgspec.Struct, frozen=True):
    """One of the things that hold a run back.

    `until` is when it will be over, in microseconds since 1970 UTC, where that is known;
    `held_by` are the flow runs that have what this one waits for, `held_by_tasks` the task runs.
    """

    reason: Reason
    message: str
    until: int | None = None
    held_by: Sequence[UUID] = ()
    held_by_tasks: Sequence[UUID] = ()


class Pool(msgspec.Struct, frozen=True):
    """The queue in which a run waits, and that queue's pool."""

    id: UUID
    name: str
    paused: bool
    queue: str
    queue_paused: bool


class Limited(msgspec.Struct, frozen=True):
    """A limit of which a run is to take a slot, and what is taken of it.

    `reason` and `owner` tell whose limit it is, `key` whose share of it the run takes; `holders`
    are the flow runs that have slots, `task_holders` the task runs.
    """

    reason: Reason
    owner: str
    capacity: Capacity
    held: Sequence[Held]
    holders: Sequence[UUID] = ()
    task_holders: Sequence[UUID] = ()
    key: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """A run that waits. Without a pool, whoever serves its deployment executes it."""

    state_type: str
    state_name: str
    claimed: bool
    due: int | None
    deployment_id: UUID | None
    deployment: str
    pool: Pool | None
    limits: Sequence[Limited] = ()
    #: The run of the same schedule that has to end before, if it is not its turn.
    behind: UUID | None = None


class Hand(msgspec.Struct, frozen=True):
    """A worker that lives: what it takes runs of, how many at once (None for any number), the runs
    that it has, and the queues whose runs it takes (None for all of its pool)."""

    pool_id: UUID | None
    deployment_ids: Sequence[UUID]
    capacity: int | None
    held: Sequence[UUID]
    queues: Sequence[str] | None = None

    def takes_of(self, pool: Pool) -> bool:
        """Whether it takes what waits there."""
        return self.pool_id == pool.id and (self.queues is None or pool.queue in self.queues)


def blockers(run: Waiting, workers: Sequence[Hand], now: int) -> list[Blocker]:
    """All that holds a run back; empty when nothing does.

    Args:
        run: the run.
        workers: all that live.
        now: microseconds since 1970 UTC.
    """
    if run.state_type == "PAUSED":
        return [
            Blocker(
                Reason.AWAITING_RESUME,
                "It is paused until somebody resumes it, as by `headrace flow-run resume`.",
            )
        ]
    if run.state_type != "SCHEDULED":
        return []
    if run.state_name == "AwaitingRetry" and (run.claimed or run.deployment_id is None):
        return [Blocker(Reason.AWAITING_RETRY, "It waits until it is tried again.")]
    if run.deployment_id is None or run.claimed:
        return []
    full = [blocker for limit in run.limits for blocker in _full(limit, now)]
    return [*_time(run, now), *_pool(run.pool), *_workers(run, workers), *full, *_turn(run)]


def _time(run: Waiting, now: int) -> list[Blocker]:
    if run.due is None or run.due <= now:
        return []
    due = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=run.due)
    return [Blocker(Reason.NOT_DUE, f"It is due at {due:%Y-%m-%d %H:%M:%S} UTC.", run.due)]


def _pool(pool: Pool | None) -> list[Blocker]:
    if pool is None:
        return []
    found = []
    if pool.paused:
        message = f"Work pool {pool.name!r} is paused; see `headrace work-pool resume`."
        found.append(Blocker(Reason.POOL_PAUSED, message))
    if pool.queue_paused:
        message = f"Work queue {pool.queue!r} of pool {pool.name!r} is paused."
        found.append(Blocker(Reason.QUEUE_PAUSED, message))
    return found


def _workers(run: Waiting, workers: Sequence[Hand]) -> list[Blocker]:
    pool = run.pool
    if pool is not None:
        able = [worker for worker in workers if worker.takes_of(pool)]
        nobody = _nobody(pool, any(worker.pool_id == pool.id for worker in workers))
    else:
        able = [worker for worker in workers if run.deployment_id in worker.deployment_ids]
        nobody = f"Nobody serves deployment {run.deployment!r}; start the script that serves it."
    if not able:
        return [Blocker(Reason.NO_WORKER, nobody)]
    if any(one.capacity is None or len(one.held) < one.capacity for one in able):
        return []
    held = [run_id for worker in able for run_id in worker.held]
    return [Blocker(Reason.WORKERS_BUSY, "All workers have as many runs as they take.", None, held)]


def _nobody(pool: Pool, has_workers: bool) -> str:
    start = f"`headrace worker start --pool {pool.name}"
    if has_workers:
        of_queue = f"the runs of queue {pool.queue!r}"
        return (
            f"No worker of pool {pool.name!r} takes {of_queue}; start one: "
            f"{start} --work-queue {pool.queue}`."
        )
    return f"No worker works for pool {pool.name!r}; start one: {start}`."


def unserved(task_name: str, task_key: str) -> Blocker:
    """What holds back a background run of a task that no task worker serves."""
    message = (
        f"No task worker serves task {task_name!r} ({task_key}); start the script that serves it."
    )
    return Blocker(Reason.NO_WORKER, message)


def _turn(run: Waiting) -> list[Blocker]:
    if run.behind is None:
        return []
    message = "An earlier run of its schedule has not ended."
    return [Blocker(Reason.OVERLAP, message, held_by=[run.behind])]


def in_line(limit: Limited, occupy: int, now: int) -> Blocker:
    """What holds back who stands in the line of a limit, for so many slots."""
    for blocker in _full(limit, now, occupy):
        return blocker
    message = f"Others are before it in the line for concurrency limit {limit.owner!r}."
    return Blocker(limit.reason, message, None, limit.holders, limit.task_holders)


def _full(limit: Limited, now: int, occupy: int = 1) -> list[Blocker]:
    capacity, held = limit.capacity, limit.held
    if admits(capacity, held, occupy, now, limit.key):
        return []
    until = free_at(capacity, held, occupy, now, limit.key) if capacity.decay else None
    message = _why_full(limit, now)
    if admits(capacity, held, 1, now, limit.key):
        message = f"Not as many as {occupy} slots of concurrency limit {limit.owner!r} are free."
    return [Blocker(limit.reason, message, until, limit.holders, limit.task_holders)]


def _why_full(limit: Limited, now: int) -> str:
    """What is full, in the words of what it is the limit of."""
    slots, key = limit.capacity.slots, f" with key {limit.key!r}" if limit.key else ""
    if has_room(limit.capacity, limit.held, 1, now, limit.key):  # it is the total that is not free
        slots, key = limit.capacity.total or 0, " of all keys"
    match limit.reason:
        case Reason.POOL_LIMIT:
            owner = f"Work pool {limit.owner!r}"
        case Reason.QUEUE_LIMIT:
            owner = f"Work queue {limit.owner!r}"
        case Reason.DEPLOYMENT_LIMIT:
            owner = f"Deployment {limit.owner!r}"
        case _ if not slots:
            mend = f"`headrace concurrency-limit update {limit.owner} 1`"
            return f"Concurrency limit {limit.owner!r} has 0 slots: raise it with {mend}."
        case _:
            return f"All {slots} slots{key} of concurrency limit {limit.owner!r} are taken."
    return f"{owner} has as many runs{key} under way as it may: {slots}."
