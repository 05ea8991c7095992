"""Whether the service can do its work: read and write the ledger, and come round with its loops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping

import peewee
import uuid_utils.compat as uuids

from headrace_service.ledger import Ledger, LedgerError
from headrace_service.ledger.migrations import LATEST
from headrace_service.ledger.models import Batch

#: Seconds that reading and writing may take.
PATIENCE = 5.0
#: Seconds that a loop may be late, or busy. Retention may be busy for longer.
LATE = 30.0
#: Bytes that are written, and taken back, to find out whether the disk has room again.
TRIAL = 64 * 1024


async def reasons_not_ready(ledger: Ledger, loops: Mapping[str, asyncio.Task[None]]) -> list[str]:
    """Why the service cannot do its work; nothing when it can.

    Args:
        ledger: what it serves.
        loops: its loops, by their names.
    """
    found = [await _complaint("be read", _read(ledger))]
    found.append(await _complaint("be written", _write(ledger)))
    for name, task in loops.items():
        overdue = ledger.measures.rounds(name).overdue()
        if task.done():
            found.append(f"the {name} has ended")
        elif overdue > LATE and name != "retention":
            found.append(f"the {name} has not come round for {overdue:.0f} s")
    return list(dict.fromkeys(reason for reason in found if reason is not None))


async def _complaint(what: str, doing: Awaitable[object]) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            await doing
    except TimeoutError:
        return f"the ledger could not {what} within {PATIENCE:g} s"
    except LedgerError as error:
        return str(error)
    return None


async def _read(ledger: Ledger) -> None:
    version = await ledger.version()
    if version != LATEST:
        raise LedgerError(f"the ledger's tables are of version {version}, and not of {LATEST}")


async def _write(ledger: Ledger) -> None:
    """Take part in a commit; after one that failed, one that takes room."""
    failure = ledger.measures.failure
    await ledger.awrite(_touch if failure is None else _try_writing)
    ledger.measures.failure = None


def _touch(db: peewee.Database) -> None:
    """Change nothing: that a transaction begins and ends is enough."""


def _try_writing(db: peewee.Database) -> None:
    trial = uuids.uuid7()
    row = {Batch.client_id: trial, Batch.number: 0, Batch.answer: bytes(TRIAL), Batch.at: 0}
    Batch.insert(row).execute(db)
    Batch.delete().where(Batch.client_id == trial).execute(db)
