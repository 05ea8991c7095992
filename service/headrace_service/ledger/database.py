"""Connections to the ledger's SQLite file: one that writes, a few that only read.

WAL lets readers go on while the one writer commits. Several processes may hold the same file open;
a writer that finds it locked waits and tries again, for as long as it takes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import peewee

from headrace_service.ledger.errors import LedgerUnusable

#: Marks a SQLite file as a headrace ledger ("hdrc" in ASCII), for `file(1)` and for ourselves.
APPLICATION_ID = 0x68647263

#: Seconds that SQLite itself waits for a lock, before we look whether to go on trying.
BUSY_TIMEOUT = 2

_FIELD_TYPES = {"RUN_ID": "BLOB"}

T = TypeVar("T")


def writing_database(path: Path, *, synchronous: str = "NORMAL") -> peewee.SqliteDatabase:
    """The database object for the writer's thread. Creates the file if there is none.

    Args:
        path: the file.
        synchronous: NORMAL survives the death of any process; FULL also a power cut, at the price
            of a disk flush with each commit.
    """
    return peewee.SqliteDatabase(
        str(path),
        timeout=BUSY_TIMEOUT,
        field_types=_FIELD_TYPES,
        thread_safe=True,
        check_same_thread=False,
        pragmas={
            "journal_mode": "wal",
            "synchronous": synchronous,
            "cache_size": -16_000,  # KiB
            "temp_store": "memory",
            "wal_autocheckpoint": 4_000,  # pages: 16 MB, so that a burst is not slowed by each MB
            "journal_size_limit": 64 * 1024 * 1024,
        },
    )


def reading_database(path: Path) -> peewee.SqliteDatabase:
    """The database object for readers; each thread gets a connection of its own.

    The connection could not write if it tried. (A read-only *open* would fail on a file whose WAL
    was left behind by a killed process, since recovering it takes a write.)
    """
    return peewee.SqliteDatabase(
        str(path),
        timeout=BUSY_TIMEOUT,
        field_types=_FIELD_TYPES,
        thread_safe=True,
        check_same_thread=False,  # closed by the thread that closes the ledger
        pragmas={"query_only": 1, "cache_size": -4_000, "temp_store": "memory"},
    )


def is_locked(error: BaseException) -> bool:
    """Whether SQLite gave up since another connection held the lock."""
    code = _code(error)
    if code is not None:
        return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return "locked" in str(error)


def is_interrupted(error: BaseException) -> bool:
    """Whether SQLite was told to stop in the middle of a statement."""
    return _code(error) == sqlite3.SQLITE_INTERRUPT


def _code(error: BaseException) -> int | None:
    """SQLite's own number for an error, as far as there is one."""
    within = error.__cause__ or error.__context__
    if isinstance(error, peewee.PeeweeException) and within is not None:
        error = within  # peewee raises an error of its own in the place of SQLite's
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def insist(action: Callable[[], T], *, give_up: Callable[[], bool] = lambda: False) -> T:
    """Do `action`, again and again while another process holds the lock.

    Raises:
        Whatever `action` raises for another reason, or for that one once `give_up` says so.
    """
    while True:
        try:
            return action()
        except (peewee.OperationalError, sqlite3.OperationalError) as error:
            if not is_locked(error) or give_up():
                raise
            time.sleep(0.005)  # SQLite has waited already; some of its busy answers come at once


def explain(path: Path, error: Exception) -> LedgerUnusable:
    """One clear line for what SQLite said about the file."""
    text = str(error)
    if "unable to open" in text:
        text = "it cannot be opened or created there"
    elif "not a database" in text:
        text = "it is not a SQLite file"
    elif "readonly" in text:
        text = "it is read-only"
    elif "disk is full" in text or "disk I/O" in text:
        text = f"{text}; is there room left on the disk?"
    return LedgerUnusable(f"cannot use the ledger {path}: {text}")


class VersionProbe:
    """Tells whether another connection has committed since the last look.

    `connection` is the one it looks with; it only reads. A look takes a page header, some 10 µs,
    so that it needs no thread; it waits for no lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = -1

    def __enter__(self) -> VersionProbe:
        self.connection = sqlite3.connect(self._path, isolation_level=None, timeout=0)
        self.connection.execute("PRAGMA query_only = 1")
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def changed(self) -> bool:
        """Whether somebody has; True at the first look."""
        try:
            ((version,),) = self.connection.execute("PRAGMA data_version")
        except sqlite3.OperationalError as error:
            if not is_locked(error):
                raise
            return True  # locked for a moment: look at the tables to be sure
        if version == self._version:
            return False
        self._version = version
        return True
