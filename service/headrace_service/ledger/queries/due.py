"""What is old enough to go, before it goes."""

from __future__ import annotations

from typing import Any

import peewee

from headrace.records import TERMINAL_STATES
from headrace_service.ledger.keep import Keep
from headrace_service.ledger.models import Event, FlowRun, Log
from headrace_service.ledger.retention import moment

#: Things are counted up to here.
MOST = 100_000


def due(db: peewee.Database, keep: Keep, now: int) -> dict[str, int]:
    """How many flow runs, events and log lines are old enough to go, by kind; up to `MOST`.

    Those that belong to what has not ended are counted, too, and stay nevertheless.
    """
    ended = FlowRun.state_type.in_([state.value for state in TERMINAL_STATES])
    runs = FlowRun.select(FlowRun.id).where(ended, FlowRun.end_time < moment(keep.runs, now))
    found = {"run": _count(db, runs) if keep.runs else 0}
    for kind, model, days in (("event", Event, keep.events), ("log", Log, keep.logs)):
        old = model.select(model.seq).where(model.at < moment(days, now))
        found[kind] = _count(db, old) if days else 0
    return found


def _count(db: peewee.Database, query: Any) -> int:
    return int(query.limit(MOST).count(db))
