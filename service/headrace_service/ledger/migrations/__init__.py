"""Bring a ledger's tables to the form that this version works with.

Each numbered file beside this one is a step, run by `playhouse.migrations` and recorded in the
table `schema_migration`.
"""

from __future__ import annotations

from pathlib import Path

import peewee

from headrace.omitting import without
from headrace_service.ledger.database.backend import Backend
from headrace_service.ledger.errors import LedgerVersion

#: The number of the newest step.
LATEST = 23


def migrate(backend: Backend, db: peewee.Database) -> None:
    """Apply the steps that are missing; with several processes at it, one does and others wait.

    Raises:
        LedgerVersion: the tables are newer than this version, or are some other program's.
    """
    if backend.version(db) != LATEST:
        backend.insist(lambda: _migrate_locked(backend, db))


def _migrate_locked(backend: Backend, db: peewee.Database) -> None:
    with backend.alone(db):
        version = backend.version(db)
        if version == LATEST:
            return
        if version > LATEST:
            raise LedgerVersion(
                f"the ledger {backend.name} is of version {version} and this headrace knows "
                f"versions up to {LATEST}; upgrade headrace, or choose another ledger"
            )
        with without("playhouse.cockroachdb"):  # it would load psycopg, whatever the database
            from playhouse.migrations import Runner  # 20 ms that only a new file has to pay

        Runner(db, str(Path(__file__).parent)).up()
        backend.set_version(db, LATEST)
