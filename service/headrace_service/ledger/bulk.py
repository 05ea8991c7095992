"""Steering many flow runs at once: in small transactions, and never more than was asked for."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import peewee

from headrace.records import TERMINAL_STATES, StateType
from headrace_service.ledger import Ledger, steering
from headrace_service.ledger.deletion import delete_flow_run
from headrace_service.ledger.errors import Refused
from headrace_service.ledger.queries.flow_runs import FlowRunWhere, page_of_flow_runs
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.state_changes import state_of_flow_run

#: Runs that one transaction changes, that one request changes or passes over, and whose ids an
#: answer has.
BATCH, MOST, SAMPLE = 50, 10_000, 100


class Bulk(enum.Enum):
    """What is to become of the runs."""

    CANCEL = "cancel"
    RETRY = "retry"
    DELETE = "delete"


class BulkOutcome(msgspec.Struct):
    """What became of them.

    `affected` counts the runs that were changed, or would be; `skipped` those that fitted and could
    not be. `ids` are those of the first of the affected. `more` tells that others fit that were not
    looked at.
    """

    affected: int = 0
    skipped: int = 0
    ids: list[UUID] = []
    more: bool = False

    def take(self, changed: Sequence[UUID], of: int) -> None:
        """Count the runs of a batch of so many that were changed."""
        self.affected += len(changed)
        self.skipped += of - len(changed)
        self.ids += changed[: SAMPLE - len(self.ids)]


#: In which states a run is to be for it.
_STATES = {
    Bulk.CANCEL: frozenset(StateType) - TERMINAL_STATES - {StateType.CANCELLING},
    Bulk.RETRY: frozenset({StateType.FAILED, StateType.CRASHED, StateType.CANCELLED}),
    Bulk.DELETE: TERMINAL_STATES,
}
_VERBS: dict[Bulk, Callable[[peewee.Database, UUID], object]] = {
    Bulk.CANCEL: steering.cancel,
    Bulk.RETRY: steering.retry,
}


async def steer_all(
    ledger: Ledger, where: FlowRunWhere, what: Bulk, most: int, *, dry_run: bool
) -> BulkOutcome:
    """Do something to all flow runs that fit, the newest first.

    Args:
        ledger: where they are.
        where: which of them, of those in a state that it can be done in.
        what: what is done.
        most: how many runs to change; what is left can be asked for again.
        dry_run: whether to change nothing, and tell what would be.
    """
    wanted = _narrowed(where, what)
    outcome = BulkOutcome()
    after: UUID | None = None
    while True:
        page = Page(min(BATCH, most - outcome.affected), after=after)
        found = await ledger.aread(page_of_flow_runs, page, wanted)
        ids = [row.id for row in found.rows]
        outcome.take(ids if dry_run else await _steer(ledger, what, ids), len(ids))
        outcome.more = found.has_next
        if not found.has_next or outcome.affected >= most or outcome.skipped >= MOST:
            return outcome
        after = ids[-1]


def _narrowed(where: FlowRunWhere, what: Bulk) -> FlowRunWhere:
    can = frozenset(state.value for state in _STATES[what])
    states = can if where.states is None else where.states & can
    if what is Bulk.RETRY and where.deployed is None:
        return msgspec.structs.replace(where, states=states, deployed=True)
    return msgspec.structs.replace(where, states=states)


async def _steer(ledger: Ledger, what: Bulk, ids: list[UUID]) -> list[UUID]:
    """Those of the runs that it was done to."""
    if what is not Bulk.DELETE:
        return await ledger.awrite(steer_each, what, ids)
    gone: list[UUID] = []
    for run_id in ids:
        try:
            gone.append(await delete_flow_run(ledger, run_id, _STATES[what]))
        except Refused:  # somebody else was quicker, or it has begun anew since it was found
            continue
    return gone


def steer_each(db: peewee.Database, what: Bulk, ids: Sequence[UUID]) -> list[UUID]:
    """Do something to each of the runs in one transaction; those to which it was done."""
    done: list[UUID] = []
    for run_id in ids:
        current = state_of_flow_run(db, run_id)
        if current is None or current.type not in _STATES[what]:
            continue  # it has gone on since it was found
        try:
            _VERBS[what](db, run_id)
        except Refused:  # its deployment is gone, for one; a verb that refuses has changed nothing
            continue
        done.append(run_id)
    return done
