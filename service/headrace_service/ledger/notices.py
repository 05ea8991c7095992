"""What becomes of flow runs besides their states, told to those who follow them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import peewee

from headrace.records import StateType, now_micros
from headrace_service.ledger.columns import json_text
from headrace_service.ledger.errors import NotFound
from headrace_service.ledger.models import EDITED, Event, FlowRun
from headrace_service.ledger.rows import StatePayload
from headrace_service.ledger.statements import Statement

_WAITS = Statement('SELECT 1 FROM "flow_run" WHERE "id" = ? AND "state_type" = \'SCHEDULED\'')


def tell(db: peewee.Database, kind: str, run_id: UUID) -> None:
    """Put into the event log what becomes of a flow run besides its states.

    Raises:
        NotFound: there is no such run.
    """
    columns = (FlowRun.state_type, FlowRun.state_name, FlowRun.state_message, FlowRun.run_count)
    query = FlowRun.select(*columns).where(FlowRun.id == run_id).tuples()
    for type, name, message, count in query.execute(db):
        state = StatePayload(StateType(type), name, message, count)
        row = {
            Event.at: now_micros(),
            Event.kind: kind,
            Event.flow_run_id: run_id,
            Event.subject_id: run_id,
            Event.payload: json_text(state),
        }
        Event.insert(row).execute(db)
        return
    raise NotFound(f"there is no flow run {run_id}", "id")


def tell_given_slots(db: peewee.Database, lease_ids: Iterable[UUID]) -> None:
    """Tell workers of those leases that are runs': they may begin, and wait to be claimed."""
    for lease_id in lease_ids:
        if _WAITS.run(db, lease_id.bytes).fetchone() is not None:
            tell(db, EDITED, lease_id)
