"""Changes of state that do not come from the runs themselves: a user's, or the service's.

They go through the same fold as what runs record: the row, its event and the counts change in one
transaction, and `rules` says what is allowed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace.records import (
    FlowRunChanged,
    LogLine,
    Record,
    RefusedRecord,
    StateChange,
    StateType,
    TaskRunChanged,
    now_micros,
)
from headrace_service.ledger.decode import NOBODY
from headrace_service.ledger.fold import fold_in
from headrace_service.ledger.models import FlowRun
from headrace_service.rules import Actor

#: What flow runs' own log lines are of.
_LOGGER = "headrace.flow_runs"


class CurrentState(msgspec.Struct, frozen=True):
    """What state a run is in, and at which attempt it is."""

    type: StateType
    name: str
    run_count: int


def change_states(
    db: peewee.Database, changes: Sequence[FlowRunChanged | TaskRunChanged], actor: Actor
) -> list[RefusedRecord]:
    """Let runs enter states; those that may not stay as they are.

    Args:
        db: the writer's database, inside a transaction.
        changes: the changes, in order; each names the attempt (`run_count`) that it is about.
        actor: who asks.

    Returns:
        For each change that was not made, its index, why, and the code `NotFound` or `Conflict`.
    """
    return fold_in(db, list(changes), actor)


def log_for(db: peewee.Database, changes: Sequence[FlowRunChanged]) -> None:
    """Write into the logs of flow runs what became of them, since their process cannot.

    Args:
        db: the writer's database, inside a transaction.
        changes: the changes that were made.
    """
    lines: list[Record] = []
    for change in changes:
        state = change.state
        level = logging.ERROR if state.type is StateType.CRASHED else logging.WARNING
        text = f"{state.name}: {state.message}" if state.message else state.name
        lines.append(LogLine(state.timestamp, level, _LOGGER, text, change.id))
    fold_in(db, lines, Actor.SERVICE)


def change_flow_run(
    db: peewee.Database,
    run_id: UUID,
    type: StateType,
    name: str,
    actor: Actor,
    message: str | None = None,
) -> RefusedRecord | None:
    """Let one flow run enter a state now, at the attempt that it is at; or say why it may not."""
    current = state_of_flow_run(db, run_id)
    run_count = 0 if current is None else current.run_count
    change = StateChange(type, name, now_micros(), message, run_count)
    refused = change_states(db, [FlowRunChanged(run_id, change)], actor)
    return refused[0] if refused else None


def take_from_process(db: peewee.Database, run_id: UUID, due: int | None = None) -> None:
    """Let a run of a deployment be nobody's: what its process has still to say is refused.

    Args:
        db: the writer's database.
        run_id: the run; the state that it waits in is entered beforehand.
        due: when it is due, in microseconds since 1970 UTC; None leaves its time as it is.
    """
    nobodys: dict[Any, Any] = {
        FlowRun.claimed_by: None,
        FlowRun.client_id: NOBODY,
        FlowRun.epoch: FlowRun.epoch + 1,
    }
    if due is not None:
        nobodys[FlowRun.scheduled_time] = due
    FlowRun.update(nobodys).where(FlowRun.id == run_id).execute(db)


def state_of_flow_run(db: peewee.Database, run_id: UUID) -> CurrentState | None:
    """The state that a flow run is in; None when there is no such run."""
    columns = (FlowRun.state_type, FlowRun.state_name, FlowRun.run_count)
    for kind, name, count in (
        FlowRun.select(*columns).where(FlowRun.id == run_id).tuples().execute(db)
    ):
        return CurrentState(StateType(kind), name, count)
    return None
