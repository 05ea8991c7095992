"""What becomes of a deployment's run whose process has died: another attempt, if its flow has some
left, by whichever worker is free; else it is CRASHED."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import peewee

from headrace.records import FlowRunChanged, StateChange, StateType
from headrace_service.ledger.concurrency import release_runs
from headrace_service.ledger.models import Deployment, FlowRun
from headrace_service.ledger.state_changes import change_states, log_for, take_from_process
from headrace_service.rules import Actor


class _Attempts(NamedTuple):
    """A run that has begun: the attempt it is at, and what its flow has of retries."""

    run_count: int
    retries: int
    retry_delays: str

    @property
    def attempt(self) -> int:
        """The attempt it is at: the first one, too, if its process died before it was heard of."""
        return max(1, self.run_count)


def try_again(db: peewee.Database, run_id: UUID, reason: str, now: int) -> bool:
    """Let a run whose process has died wait for a worker, at its next attempt.

    What the process has still to say of it is refused: the run is at another epoch.

    Args:
        run_id: the run.
        reason: how its process has ended.
        now: microseconds.

    Returns:
        Whether it does; otherwise it has no attempt left, was to be cancelled, or is of no
        deployment.
    """
    run = _attempts(db, run_id)
    if run is None or run.attempt > run.retries:
        return False
    state = StateChange(StateType.SCHEDULED, "AwaitingRetry", now, reason, run.attempt + 1)
    change = FlowRunChanged(run_id, state)
    if change_states(db, [change], Actor.SERVICE):
        return False
    log_for(db, [change])
    take_from_process(db, run_id, now + _delay(run))
    release_runs(db, [run_id])
    return True


def _attempts(db: peewee.Database, run_id: UUID) -> _Attempts | None:
    columns = (FlowRun.run_count, Deployment.retries, Deployment.retry_delays)
    query: Any = FlowRun.select(*columns).join(
        Deployment, on=(Deployment.id == FlowRun.deployment_id)
    )
    query = query.where(FlowRun.id == run_id, FlowRun.state_type != StateType.CANCELLING.value)
    return next((_Attempts(*row) for row in query.tuples().execute(db)), None)


def _delay(run: _Attempts) -> int:
    """Microseconds before the next attempt; the last delay that the flow names goes on to hold."""
    delays = msgspec.json.decode(run.retry_delays, type=list[float])
    return round(delays[min(run.attempt, len(delays)) - 1] * 1_000_000) if delays else 0
