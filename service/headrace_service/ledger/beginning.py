"""The beginning of a claimed run: it is its process's from here on, whose own lease counts.

A process asks before it loads any code of the user's. Of those that were started for one claim (an
answer or a message was lost, and somebody started another) one gets the run; and one whose claim
was given back gets none.
"""

from __future__ import annotations

from uuid import UUID

import peewee

from headrace.records import ProcessInfo, RunClaim, StateType
from headrace_service.ledger.decode import NOBODY
from headrace_service.ledger.errors import Conflict, NotFound
from headrace_service.ledger.leases import renew_process
from headrace_service.ledger.models import FlowRun

_MAY_BEGIN = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


def begin(
    db: peewee.Database, claim: RunClaim, client_id: UUID, process: ProcessInfo, now: int
) -> StateType:
    """Give a claimed run to its process. Asking again changes nothing.

    Args:
        db: the database, inside a transaction.
        claim: the run, and the number of the claim that the process was started for.
        client_id: the stream by which the process will record.
        process: the process.
        now: microseconds.

    Returns:
        The type of the run's state: PENDING, or CANCELLING when it is to end before it begins.

    Raises:
        NotFound: there is no such run.
        Conflict: it was claimed anew, it has ended, or another process of the same claim has it.
    """
    run_id = claim.flow_run_id
    columns = (FlowRun.epoch, FlowRun.state_type, FlowRun.client_id)
    query = FlowRun.select(*columns).where(FlowRun.id == run_id)
    found = next(iter(query.tuples().execute(db)), None)
    if found is None:
        raise NotFound(f"there is no flow run {run_id}", "id")
    epoch, state, has_it = found[0], StateType(found[1]), found[2]
    if epoch != claim.epoch:
        raise Conflict(f"claim {claim.epoch} of flow run {run_id} was superseded", "epoch")
    if state not in _MAY_BEGIN:
        raise Conflict(f"flow run {run_id} is {state.value}, and cannot begin", "id")
    if has_it not in (NOBODY, client_id):
        raise Conflict(f"flow run {run_id} was begun by another process", "clientId")
    FlowRun.update({FlowRun.client_id: client_id}).where(FlowRun.id == run_id).execute(db)
    renew_process(db, client_id, process, now)
    return state
