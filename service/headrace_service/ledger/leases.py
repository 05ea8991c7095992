"""The leases of the processes that record.

A row is there for as long as a process has runs that have not ended. Each of its batches renews it,
empty ones included, which a process sends while nothing else happens.
"""

from __future__ import annotations

from uuid import UUID

import peewee

from headrace.records import ProcessInfo, RecordBatch
from headrace_service.ledger.models import Process
from headrace_service.ledger.statements import Statement, Upsert

_RENEW = Upsert(Process)
_END = Statement('DELETE FROM "process" WHERE "client_id" = ?')


def renew_lease(db: peewee.Database, batch: RecordBatch, now: int) -> None:
    """Note that a stream's process lives, or that it has no runs any more that depend on it."""
    if batch.process is None:
        _END.run(db, batch.client_id.bytes)
    else:
        renew_process(db, batch.client_id, batch.process, now)


def renew_process(db: peewee.Database, client_id: UUID, process: ProcessInfo, now: int) -> None:
    """Begin a process's lease anew at `now`, in microseconds."""
    duration = round(process.lease_seconds * 1_000_000)
    about = (process.host, process.pid, process.identity, process.direct)
    _RENEW.run(db, client_id.bytes, *about, duration, now + duration)
