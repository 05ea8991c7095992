"""How many runs of a deployment may be under way at once, and what becomes of the others.

The runs under way are what takes the places: there is no counter, and no place outlives its run.
"""

from __future__ import annotations

import enum

import peewee

from headrace.records import FlowRunChanged, StateChange, StateType, now_micros
from headrace_service.ledger.deployments import DeploymentRow
from headrace_service.ledger.models import NO_ID, FlowRun
from headrace_service.ledger.state_changes import change_states
from headrace_service.rules import Actor

#: Runs that are told in one transaction that they have to wait, or are not wanted.
TOLD = 100

#: As texts of their own: only so SQLite sees that the partial indexes have all such runs.
IS_SCHEDULED = peewee.SQL('"t1"."state_type" = \'SCHEDULED\'')
_IS_HELD = peewee.SQL("\"t1\".\"state_type\" IN ('PENDING', 'RUNNING', 'CANCELLING')")

AWAITING = "AwaitingConcurrencySlot"


class CollisionStrategy(enum.Enum):
    """What becomes of a run for which there is no place."""

    ENQUEUE = "ENQUEUE"
    CANCEL_NEW = "CANCEL_NEW"


def has_place(db: peewee.Database, owner: DeploymentRow) -> bool:
    """Whether one more run of a deployment may begin."""
    return owner.concurrency_limit is None or _under_way(db, owner) < owner.concurrency_limit


def _under_way(db: peewee.Database, owner: DeploymentRow) -> int:
    # Not by the index of deployments, which leads through all the runs that have ended.
    mine = peewee.fn.COALESCE(FlowRun.deployment_id, NO_ID) == owner.id.bytes
    claimed = FlowRun.claimed_by.is_null(False)
    # One that waits for its next attempt is claimed, too, and has its place still.
    return sum(
        FlowRun.select().where(mine, claimed, of).count(db) for of in (_IS_HELD, IS_SCHEDULED)
    )


def tell_others(db: peewee.Database, owner: DeploymentRow, now: int) -> None:
    """There is no place for the runs of a deployment that are due: they wait, or are CANCELLED."""
    query = FlowRun.select(FlowRun.id, FlowRun.run_count).where(
        IS_SCHEDULED,
        peewee.fn.COALESCE(FlowRun.deployment_id, NO_ID) == owner.id.bytes,
        FlowRun.deployment_id.is_null(False),
        FlowRun.claimed_by.is_null(True),
        FlowRun.scheduled_time <= now,
        FlowRun.state_name != AWAITING,
    )
    cancels = owner.collision_strategy == CollisionStrategy.CANCEL_NEW.value
    type, name = (StateType.CANCELLED, "Cancelled") if cancels else (StateType.SCHEDULED, AWAITING)
    message = "Deployment concurrency limit reached."
    changes = [
        FlowRunChanged(run_id, StateChange(type, name, now_micros(), message, count))
        for run_id, count in query.limit(TOLD).tuples().execute(db)
    ]
    change_states(db, changes, Actor.SERVICE)
