"""Bring a ledger's tables to the form that this version works with.

Each numbered file beside this one is a step, run by `playhouse.migrations` and recorded in the
table `schema_migration`. `PRAGMA user_version` repeats the number of the newest step, so that
opening a file that is up to date costs one look.
"""

from __future__ import annotations

from pathlib import Path

import peewee

from headrace_service.ledger.database import APPLICATION_ID, insist
from headrace_service.ledger.errors import LedgerVersion

#: The number of the newest step.
LATEST = 11


def migrate(db: peewee.Database) -> None:
    """Apply the steps that are missing; with several processes at it, one does and others wait.

    Raises:
        LedgerVersion: the file is newer than this version, or is some other program's database.
    """
    if _version(db) == LATEST:
        return
    insist(lambda: _migrate_locked(db))


def _migrate_locked(db: peewee.Database) -> None:
    with db.atomic("IMMEDIATE"):
        version = _version(db)
        if version == LATEST:
            return
        if version > LATEST:
            raise LedgerVersion(
                f"the ledger {db.database} is of version {version} and this headrace knows "
                f"versions up to {LATEST}; upgrade headrace, or set HEADRACE_HOME to another folder"
            )
        if version == 0 and db.get_tables():
            raise LedgerVersion(
                f"{db.database} is the database of another program; choose another file"
            )
        from playhouse.migrations import Runner  # 20 ms that only a new file has to pay

        Runner(db, str(Path(__file__).parent)).up()
        db.execute_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute_sql(f"PRAGMA user_version = {LATEST}")


def _version(db: peewee.Database) -> int:
    return int(insist(lambda: db.execute_sql("PRAGMA user_version").fetchone())[0])
