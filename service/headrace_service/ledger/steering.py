"""What people ask of flow runs: to be cancelled, to rest, to be tried once more."""

from __future__ import annotations

from uuid import UUID

import msgspec
import peewee

from headrace.records import (
    TERMINAL_STATES,
    FlowRunChanged,
    StateChange,
    StateType,
    now_micros,
)
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.flow_run_inputs import wait_until
from headrace_service.ledger.models import Deployment, FlowRun
from headrace_service.ledger.processes import waits_in_process
from headrace_service.ledger.state_changes import (
    change_flow_run,
    change_states,
    take_from_process,
)
from headrace_service.rules import Actor


class _Steered(msgspec.Struct, frozen=True):
    """What has to be known of a run before it is steered."""

    state_type: StateType
    state_name: str
    run_count: int
    deployment_id: UUID | None
    claimed_by: UUID | None


def cancel(db: peewee.Database, run_id: UUID) -> StateType:
    """Ask for a run to be cancelled: at once if no process has it. Else it is CANCELLING until its
    process has heard of it, from its worker or from the answer to what it records. With it go the
    runs of deployments that it has asked for; what runs in its own process ends with that.

    Returns:
        The type of the state that it is in now. One that had ended stays as it is.

    Raises:
        NotFound: there is no such run.
    """
    current = _steered(db, run_id).state_type
    to = current
    if current in (StateType.SCHEDULED, StateType.PAUSED):
        waits = waits_in_process(db, run_id)  # then the process is to hear of it
        to = StateType.CANCELLING if waits else StateType.CANCELLED
    elif current in (StateType.PENDING, StateType.RUNNING):
        to = StateType.CANCELLING
    if to is not current:
        change_flow_run(db, run_id, to, to.value.capitalize(), Actor.USER)
        _cancel_within(db, run_id)
    return to


def _cancel_within(db: peewee.Database, run_id: UUID) -> None:
    """Cancel what would not hear of a run's end by itself: the runs of deployments that it, or a
    subflow of it, has asked for, and subflows that are paused.
    """
    query = FlowRun.select(FlowRun.id, FlowRun.deployment_id, FlowRun.state_type).where(
        FlowRun.parent_flow_run_id == run_id,
        FlowRun.state_type.not_in([kind.value for kind in TERMINAL_STATES]),
    )
    for child, deployment_id, kind in list(query.tuples().execute(db)):
        if deployment_id is not None or kind == StateType.PAUSED.value:
            cancel(db, child)
        else:
            _cancel_within(db, child)


def suspend(db: peewee.Database, run_id: UUID, timeout: float | None = None) -> None:
    """Let a run of a deployment wait, without a process, until it is resumed.

    One that is under way is taken from its process under a new epoch: what that has still to say is
    refused, and its worker ends it. It begins anew when it is resumed.

    Args:
        db: the writer's database.
        run_id: the run.
        timeout: after how many seconds it fails if nobody has resumed it; None: never.

    Raises:
        NotFound: there is no such run.
        Conflict: it is about to begin, waits already, has ended, or is of no deployment.
        InvalidInput: the timeout is none.
    """
    if timeout is not None and not 0 <= timeout < 1e9:
        raise InvalidInput("timeoutSeconds: use 0 or more, and less than 1e9", "timeoutSeconds")
    run = _steered(db, run_id)
    waits = run.state_type is StateType.SCHEDULED and run.claimed_by is None
    if not waits and run.state_type is not StateType.RUNNING:
        raise Conflict(
            f"flow run {run_id} is {run.state_name}: only one that is running, or that nobody has "
            "begun, can be paused from outside",
            "id",
        )
    if run.deployment_id is None:
        raise Conflict(
            f"flow run {run_id} is of no deployment: its script waits with it, and would not hear "
            "of a pause",
            "id",
        )
    refused = change_flow_run(db, run_id, StateType.PAUSED, "Suspended", Actor.USER)
    assert refused is None
    take_from_process(db, run_id)
    if timeout is not None:
        wait_until(db, run_id, now_micros() + int(timeout * 1e6))


def retry(db: peewee.Database, run_id: UUID) -> None:
    """Let a run of a deployment that has not ended well be executed once more, from its beginning.

    It is SCHEDULED at once, at its next attempt and under a new epoch: what a process of an
    earlier attempt has still to say is refused.

    Raises:
        NotFound: there is no such run.
        Conflict: it has not ended, has ended well, or nobody could execute it.
    """
    run = _steered(db, run_id)
    if (reason := _why_no_retry(db, run)) is not None:
        raise Conflict(f"flow run {run_id} cannot be tried once more: {reason}", "id")
    now = now_micros()
    again = StateChange(StateType.SCHEDULED, "AwaitingRetry", now, None, run.run_count + 1)
    for refused in change_states(db, [FlowRunChanged(run_id, again)], Actor.RETRY):
        raise Conflict(refused.message, "id")
    take_from_process(db, run_id, now)


def _why_no_retry(db: peewee.Database, run: _Steered) -> str | None:
    if run.state_type not in TERMINAL_STATES:
        return f"it has not ended, it is {run.state_name}; cancel it first"
    if run.state_type is StateType.COMPLETED:
        return "it has ended well; create another run instead"
    if run.deployment_id is None:
        return "it is of no deployment, so that only its own script can run it; start that anew"
    if not Deployment.select().where(Deployment.id == run.deployment_id).exists(db):
        return "its deployment was deleted, so that nobody knows its code"
    return None


def _steered(db: peewee.Database, run_id: UUID) -> _Steered:
    columns = [getattr(FlowRun, name) for name in _Steered.__struct_fields__]
    for kind, *rest in FlowRun.select(*columns).where(FlowRun.id == run_id).tuples().execute(db):
        return _Steered(StateType(kind), *rest)
    raise NotFound(f"there is no flow run {run_id}", "id")
