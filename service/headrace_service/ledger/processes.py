"""The processes that record, and what becomes of the runs of one that has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import peewee

from headrace.records import (
    FlowRunChanged,
    StateChange,
    StateType,
    TaskRunChanged,
)
from headrace_service.ledger.apart import apart
from headrace_service.ledger.concurrency import WAITER_LEASE, Outcome, free_slots_of
from headrace_service.ledger.crashes import try_again
from headrace_service.ledger.guesses import note
from headrace_service.ledger.models import BackgroundRun, FlowRun, Process, TaskRun, Waiter
from headrace_service.ledger.state_changes import change_states, log_for
from headrace_service.rules import Actor

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

    `lapsed` tells that nothing but the end of its lease speaks for it, and `stopped` that it can be
    seen to be there all the same, but to do nothing.
    """

    process: ProcessRow
    reason: str
    lapsed: bool
    stopped: bool = False


class Reaped(NamedTuple):
    """How many runs were ended, and the processes whose runs could not be."""

    runs: int
    failed: list[UUID]


_COLUMNS = [getattr(Process, name) for name in ProcessRow.__struct_fields__]


def processes(db: peewee.Database) -> list[ProcessRow]:
    """All processes that have runs which have not ended."""
    return [ProcessRow(*row) for row in Process.select(*_COLUMNS).tuples().execute(db)]


def can_be_replaced(db: peewee.Database, client_id: UUID) -> bool:
    """Whether somebody else could execute what a process has: runs of deployments, or background
    runs. Those of a script are its own.
    """
    deployed = FlowRun.select(FlowRun.id).where(
        _needs_its_process(FlowRun),
        FlowRun.client_id == client_id,
        FlowRun.deployment_id.is_null(False),
    )
    background = (
        BackgroundRun.select(BackgroundRun.task_run_id)
        .join(TaskRun, on=(TaskRun.id == BackgroundRun.task_run_id))
        .where(TaskRun.client_id == client_id, BackgroundRun.claimed_by.is_null(False))
    )
    return bool(deployed.exists(db)) or bool(background.exists(db))


def waits_in_process(db: peewee.Database, run_id: UUID) -> bool:
    """Whether a flow run that is paused, or waits for a retry, does so in a living process."""
    query = FlowRun.select(FlowRun.id).join(Process, on=(Process.client_id == FlowRun.client_id))
    held = FlowRun.state_name.in_(_HELD_BY_PROCESS)
    return bool(query.where(FlowRun.id == run_id, held).exists(db))


def extend_leases(db: peewee.Database, now: int) -> None:
    """Let every lease begin anew: nobody could renew it while the service was away."""
    until = Process.duration + now
    Process.update(until=until).where(Process.until < until).execute(db)
    Waiter.update(until=now + WAITER_LEASE).where(Waiter.until < now + WAITER_LEASE).execute(db)


def reap(db: peewee.Database, ended: Sequence[Ended], now: int) -> Outcome:
    """End the runs of processes that have ended, and free their slots; answers with `Reaped`."""
    ended_runs, over, failed = 0, [], []
    for each in ended:
        client_id = each.process.client_id
        if not _is_so_still(db, each, now):
            continue
        failed.append(client_id)
        with apart(db, f"the runs of process {client_id} cannot be ended"):
            ended_runs += _end_runs(db, each, now)
            over.append(failed.pop())
    note(db, over, now)
    Process.delete().where(Process.client_id.in_(over)).execute(db)
    return free_slots_of(db, over, now)._replace(answer=Reaped(ended_runs, failed))


def _end_runs(db: peewee.Database, ended: Ended, now: int) -> int:
    """End the runs of a process that has ended; how many."""
    changes: list[FlowRunChanged | TaskRunChanged] = []
    again = 0
    for model, kind, change in (
        (TaskRun, "Task", TaskRunChanged),
        (FlowRun, "Flow", FlowRunChanged),
    ):
        message = f"{kind} run did not end by itself: {ended.reason}"
        for run_id, run_count, was in _open_runs(db, model, ended.process.client_id):
            if model is FlowRun and try_again(db, run_id, message, now):
                again += 1
                continue
            # What was to be cancelled has come to its end.
            cancelled = was == StateType.CANCELLING.value
            to = StateType.CANCELLED if cancelled else StateType.CRASHED
            state = StateChange(to, to.value.capitalize(), now, message, run_count)
            changes.append(change(run_id, state))
    refused = change_states(db, changes, Actor.SERVICE) if changes else []
    left = {each.index for each in refused}
    made = [each for place, each in enumerate(changes) if place not in left]
    log_for(db, [each for each in made if isinstance(each, FlowRunChanged)])
    return again + len(made)


def _is_so_still(db: peewee.Database, ended: Ended, now: int) -> bool:
    """Whether a process has not been heard of since it was looked at."""
    client_id = ended.process.client_id
    query = Process.select(Process.until).where(Process.client_id == client_id)
    return any(
        until == ended.process.until and (until <= now or not ended.lapsed)
        for (until,) in query.tuples().execute(db)
    )


def _open_runs(
    db: peewee.Database, model: type[FlowRun] | type[TaskRun], client_id: UUID
) -> list[tuple[UUID, int, str]]:
    """A process's runs that have not ended and cannot go on without it, innermost first."""
    query = model.select(model.id, model.run_count, model.state_type).where(
        _needs_its_process(model), model.client_id == client_id
    )
    return list(query.order_by(model.id.desc()).tuples().execute(db))


def _needs_its_process(model: type[FlowRun] | type[TaskRun]) -> Any:
    """Whether a run has not ended and cannot go on without its process."""
    return model.state_type.in_([each.value for each in _OPEN]) | (
        model.state_type.in_([each.value for each in _SOMETIMES])
        & model.state_name.in_(_HELD_BY_PROCESS)
    )
