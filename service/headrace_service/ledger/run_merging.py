"""A run that is asked for while there is one of the same deployment and key: is it one more?

A deployment that is a singleton has one run of a key at a time, and whoever asks for another is
given that one. One that is debounced begins a run only once nobody has asked for a while: each who
asks meanwhile puts it off, and gives it new parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import peewee

from headrace.records import StateType, now_micros
from headrace_service.ledger.columns import OPEN_TYPES, json_text
from headrace_service.ledger.deployments import DeploymentRow
from headrace_service.ledger.models import EDITED, NO_ID, FlowRun
from headrace_service.ledger.notices import tell


def merge(
    db: peewee.Database,
    row: DeploymentRow,
    key: str | None,
    parameters: Mapping[str, Any],
    due: int,
) -> UUID | None:
    """The run that stands for one that is asked for, if there is one.

    Args:
        db: the database, inside a transaction.
        row: the deployment.
        key: the key of the run that is asked for.
        parameters: its parameters.
        due: when it is to begin at the earliest, in microseconds.
    """
    if row.debounce is not None and (waiting := _open_run(db, row, key, begun=False)):
        values = {
            FlowRun.parameters: json_text(parameters),
            FlowRun.scheduled_time: max(due, now_micros() + row.debounce),
        }
        FlowRun.update(values).where(FlowRun.id == waiting).execute(db)
        tell(db, EDITED, waiting)
        return waiting
    return _open_run(db, row, key, begun=True) if row.singleton else None


def _open_run(
    db: peewee.Database, row: DeploymentRow, key: str | None, *, begun: bool
) -> UUID | None:
    """A run of a deployment and key that has not ended: the first, or one that nobody has begun."""
    is_open = FlowRun.state_type.in_(OPEN_TYPES)
    if not begun:
        is_open = (
            (FlowRun.state_type == StateType.SCHEDULED.value)
            & FlowRun.claimed_by.is_null()
            # One that is to go on, or to be tried again, goes on with what it began with.
            & (FlowRun.run_count == 0)
        )
    query = FlowRun.select(FlowRun.id).where(
        is_open,
        # Not by the index of deployments, which leads through all the runs that have ended.
        peewee.fn.COALESCE(FlowRun.deployment_id, NO_ID) == row.id.bytes,
        peewee.fn.COALESCE(FlowRun.limit_key, "") == (key or ""),
    )
    return next((UUID(bytes=r.bytes) for (r,) in query.limit(1).tuples().execute(db)), None)
