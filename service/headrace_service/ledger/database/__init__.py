"""Where a ledger is kept, and all that the rest of the ledger need not know of it.

`sqlite` is a file, the default; `postgres` a database that several replicas of the service share.
Verbs and queries take a `peewee.Database` and are the same on both.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import peewee

from headrace_service.ledger.database.sqlite import SqliteBackend

if TYPE_CHECKING:
    from headrace_service.ledger.database.backend import Backend

#: How the address of a database begins. Prefect's users name the driver, too.
SCHEMES = ("postgresql://", "postgres://", "postgresql+asyncpg://", "postgresql+psycopg://")


def is_url(location: Path | str) -> bool:
    """Whether this is the address of a PostgreSQL database, rather than a file's path."""
    return isinstance(location, str) and location.startswith(SCHEMES)


def without_password(location: Path | str) -> str:
    """A ledger's place as people may see it."""
    bare = re.sub(r"(?<=://)([^:@/]*):[^@/]*@", r"\1@", str(location))
    return re.sub(r"([?&]password=)[^&]*", r"\1…", bare)


def kind_of(db: peewee.Database) -> type[Backend]:
    """What knows the errors of a database."""
    if isinstance(db, peewee.SqliteDatabase):
        return SqliteBackend
    from headrace_service.ledger.database.postgres import PostgresBackend

    return PostgresBackend


def backend_at(location: Path | str, *, synchronous: str = "NORMAL") -> Backend:
    """What keeps the ledger at a place.

    Args:
        location: a SQLite file, or `postgresql://user:password@host:port/database`.
        synchronous: of a file, see `sqlite.writing_database`.

    Raises:
        LedgerUnusable: the driver for PostgreSQL is not installed.
    """
    if not is_url(location):
        return SqliteBackend(Path(location), synchronous)
    # 100 ms that a ledger in a file does not pay
    from headrace_service.ledger.database.postgres import PostgresBackend

    _, _, rest = str(location).partition("://")
    return PostgresBackend(f"postgresql://{rest}")
