"""Why a run that waits is not running. Pure: what bears on it is an argument.

Nothing of this is stored: it is what holds a run back at the moment at which somebody asks.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec


class Reason(enum.Enum):
    """What holds a run back."""

    NOT_DUE = "NOT_DUE"
    AWAITING_RETRY = "AWAITING_RETRY"
    AWAITING_RESUME = "AWAITING_RESUME"
    POOL_PAUSED = "POOL_PAUSED"
    QUEUE_PAUSED = "QUEUE_PAUSED"
    NO_WORKER = "NO_WORKER"
    POOL_LIMIT = "POOL_LIMIT"
    DEPLOYMENT_LIMIT = "DEPLOYMENT_LIMIT"


class Blocker(msgspec.Struct, frozen=True):
    """One of the things that hold a run back.

    `until` is when it will be over, in microseconds since 1970 UTC, where that is known;
    `held_by` are the runs that have what this one waits for.
    """

    reason: Reason
    message: str
    until: int | None = None
    held_by: Sequence[UUID] = ()


class Pool(msgspec.Struct, frozen=True):
    """The queue in which a run waits, and that queue's pool."""

    id: UUID
    name: str
    paused: bool
    limit: int | None
    queue: str
    queue_paused: bool


class Waiting(msgspec.Struct, frozen=True):
    """A run that waits. Without a pool, whoever serves its deployment executes it."""

    state_type: str
    state_name: str
    claimed: bool
    due: int | None
    deployment_id: UUID | None
    deployment: str
    deployment_limit: int | None
    pool: Pool | None


class Around(msgspec.Struct, frozen=True):
    """What there is besides the run: how many workers live that could take it, and the runs that
    are under way, by pool and by deployment."""

    workers: Mapping[UUID, int]
    of_pool: Mapping[UUID, Sequence[UUID]]
    of_deployment: Mapping[UUID, Sequence[UUID]]


def blockers(run: Waiting, around: Around, now: int) -> list[Blocker]:
    """All that holds a run back; empty when nothing does.

    Args:
        run: the run.
        around: what else there is.
        now: microseconds since 1970 UTC.
    """
    if run.state_type == "PAUSED":
        return [Blocker(Reason.AWAITING_RESUME, "It is paused until somebody resumes it.")]
    if run.state_type != "SCHEDULED":
        return []
    if run.state_name == "AwaitingRetry":
        return [Blocker(Reason.AWAITING_RETRY, "It waits until it is tried again.")]
    if run.deployment_id is None or run.claimed:
        return []
    return [*_time(run, now), *_pool(run.pool, around), *_limit(run, around)]


def _time(run: Waiting, now: int) -> list[Blocker]:
    if run.due is None or run.due <= now:
        return []
    due = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=run.due)
    return [Blocker(Reason.NOT_DUE, f"It is due at {due:%Y-%m-%d %H:%M:%S} UTC.", run.due)]


def _pool(pool: Pool | None, around: Around) -> list[Blocker]:
    if pool is None:
        return []
    found = []
    if pool.paused:
        message = f"Work pool {pool.name!r} is paused; see `headrace work-pool resume`."
        found.append(Blocker(Reason.POOL_PAUSED, message))
    if pool.queue_paused:
        message = f"Work queue {pool.queue!r} of pool {pool.name!r} is paused."
        found.append(Blocker(Reason.QUEUE_PAUSED, message))
    if not around.workers.get(pool.id):
        message = (
            f"No worker works for pool {pool.name!r}; start one: "
            f"`headrace worker start --pool {pool.name}`."
        )
        found.append(Blocker(Reason.NO_WORKER, message))
    held = around.of_pool.get(pool.id, ())
    if pool.limit is not None and len(held) >= pool.limit:
        message = f"Work pool {pool.name!r} has as many runs under way as it may: {pool.limit}."
        found.append(Blocker(Reason.POOL_LIMIT, message, held_by=held))
    return found


def _limit(run: Waiting, around: Around) -> list[Blocker]:
    assert run.deployment_id is not None
    held, limit = around.of_deployment.get(run.deployment_id, ()), run.deployment_limit
    if limit is None or len(held) < limit:
        return []
    message = f"Deployment {run.deployment!r} has as many runs under way as it may: {limit}."
    return [Blocker(Reason.DEPLOYMENT_LIMIT, message, held_by=held)]
