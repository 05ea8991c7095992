"""What is done to a ledger as a whole: upgraded, copied, made smaller, emptied."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import peewee

from headrace_service.ledger.database import backend_at
from headrace_service.ledger.database.backend import Backend
from headrace_service.ledger.errors import LedgerUnusable
from headrace_service.ledger.migrations import LATEST, migrate
from headrace_service.ledger.models import TABLES, ApiToken, Event, Log, Retention
from headrace_service.ledger.queries.events import latest


class Info(msgspec.Struct, frozen=True):
    """What can be said of a ledger. `unused_bytes` are in its file, and wait for new rows."""

    ledger: str
    version: int
    newest_version: int
    bytes: int
    unused_bytes: int
    rows: dict[str, int]


def info(location: Path | str) -> Info:
    """What can be said of a ledger; it is not changed.

    Raises:
        LedgerUnusable: there is none, or it cannot be read.
    """
    with _opened(location) as (backend, db):
        version = backend.version(db)
        tables = set(db.get_tables())
        rows = {
            table._meta.table_name: int(table.select().count(db))
            for table in TABLES
            if table._meta.table_name in tables
        }
        return Info(backend.name, version, LATEST, backend.size(db), backend.unused(db), rows)


def upgrade(location: Path | str) -> tuple[int, int]:
    """Bring the tables up to date; returns from which version to which.

    Several may try at once: one does it. A ledger that is not there is made.

    Raises:
        LedgerVersion: it is newer than this headrace.
        LedgerUnusable: it cannot be opened or written.
    """
    with _opened(location, create=True) as (backend, db):
        before = backend.version(db)
        migrate(backend, db)
        return before, backend.version(db)


def backup(location: Path | str, target: Path) -> int:
    """Copy a ledger, as it is at one moment, into a new file; whoever writes goes on meanwhile.

    Returns:
        The copy's bytes.

    Raises:
        LedgerUnusable: it cannot be read, or the copy cannot be written.
    """
    if not target.parent.is_dir():
        raise LedgerUnusable(f"cannot write {target}: there is no folder {target.parent}")
    with _opened(location) as (backend, db):
        try:
            backend.copy(db, target)
            return target.stat().st_size
        except OSError as error:
            raise LedgerUnusable(f"cannot write {target}: {error.strerror or error}") from None


def vacuum(location: Path | str) -> tuple[int, int]:
    """Give back the room of what was deleted; returns the bytes before and after.

    It takes about as much room as the ledger while it is at work, and whoever writes waits.

    Raises:
        LedgerUnusable: there is no ledger, or no room.
    """
    with _opened(location) as (backend, db):
        before = backend.size(db)
        backend.insist(lambda: backend.compact(db))
        return before, backend.size(db)


def reset(location: Path | str) -> int:
    """Delete everything but the API tokens; returns how many rows there were.

    Places in the feeds are not given again, so that whoever follows them hears that his has passed.

    Raises:
        LedgerUnusable: there is no ledger, or it cannot be written.
    """
    with _opened(location) as (backend, db):
        migrate(backend, db)
        with backend.alone(db):
            event, log = latest(db)
            rows: int = sum(table.delete().execute(db) for table in TABLES if table is not ApiToken)
            marks = [(Event, event), (Log, log)]
            for table, place in marks:
                row = {
                    Retention.kind: table._meta.table_name,
                    Retention.deleted_to: place,
                    Retention.looked_to: 0,
                    Retention.deleted: 0,
                }
                Retention.insert(row).execute(db)
        return rows


@contextlib.contextmanager
def _opened(
    location: Path | str, *, create: bool = False
) -> Iterator[tuple[Backend, peewee.Database]]:
    """A connection that may write; errors of the database are one clear line."""
    backend = backend_at(location)
    if not create and not backend.is_there():
        raise LedgerUnusable(f"there is no ledger {backend.name}")
    db = backend.writing()
    try:
        backend.insist(lambda: db.connect(reuse_if_open=True))
        yield backend, db
    except backend.errors as error:
        raise backend.explain(error) from error
    finally:
        db.close()
        backend.close()
