"""A ledger in a SQLite file: one connection that writes, a few that only read.

WAL lets readers go on while the one writer commits. Several processes may hold the same file open;
a writer that finds it locked waits and tries again, for as long as it takes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import peewee

from headrace_service.ledger.database.backend import Backend, Watch
from headrace_service.ledger.database.files import copy_at, make_for_owner
from headrace_service.ledger.errors import LedgerUnusable, LedgerVersion

#: Marks a SQLite file as a headrace ledger ("hdrc" in ASCII), for `file(1)` and for ourselves.
APPLICATION_ID = 0x68647263

#: Seconds that SQLite itself waits for a lock, before we look whether to go on trying.
BUSY_TIMEOUT = 2

#: SQLite's own steps between two looks at the clock: a fraction of a millisecond's worth.
STEPS = 10_000

FIELD_TYPES = {"RUN_ID": "BLOB"}

_RESTART = "start what records to it anew"


class SqliteBackend(Backend):
    """The file at `path`.

    Args:
        path: the file.
        synchronous: NORMAL survives the death of any process; FULL also a power cut, at the price
            of a disk flush with each commit.
    """

    errors = (peewee.PeeweeException, sqlite3.Error)

    def __init__(self, path: Path, synchronous: str = "NORMAL") -> None:
        self.path = path
        self.name = str(path)
        self.spool = path.parent / "spool"
        self._synchronous = synchronous
        self._identity: tuple[int, int] | None = None

    def writing(self) -> peewee.SqliteDatabase:
        """The database for the writer's thread. The file is created if there is none."""
        make_for_owner(self.path)
        return peewee.SqliteDatabase(
            str(self.path),
            timeout=BUSY_TIMEOUT,
            field_types=FIELD_TYPES,
            thread_safe=True,
            check_same_thread=False,
            pragmas={
                "journal_mode": "wal",
                "synchronous": self._synchronous,
                "cache_size": -16_000,  # KiB
                "temp_store": "memory",
                "wal_autocheckpoint": 4_000,  # pages: 16 MB; a burst is not slowed by each MB
                "journal_size_limit": 64 * 1024 * 1024,
            },
        )

    def reading(self, timeout: float | None) -> peewee.SqliteDatabase:
        """The database for readers.

        Its connections could not write if they tried. (A read-only *open* would fail on a file
        whose WAL was left behind by a killed process, since recovering it takes a write.)
        """
        return _Reading(self.path, timeout)

    def watch(self) -> Watch:
        """What tells of commits."""
        return VersionProbe(self)

    def close(self) -> None:
        """Each watch has a connection of its own."""

    def begin(self, db: peewee.Database) -> None:
        """Begin a transaction that holds the file's one lock for writing."""
        assert isinstance(db, peewee.SqliteDatabase)
        self.insist(lambda: db.begin("IMMEDIATE"))
        self._look_at_file()

    def commit(self, db: peewee.Database) -> None:
        """Commit it; those who look at `PRAGMA data_version` see it."""
        self.insist(db.commit)

    def alone(self, db: peewee.Database) -> AbstractContextManager[object]:
        """A transaction that holds the lock, for the tables to be changed in."""
        transaction: AbstractContextManager[object] = db.atomic("IMMEDIATE")
        return transaction

    def _look_at_file(self) -> None:
        """Make sure that the file still stands where others look for it.

        A file that was deleted lives on for whoever has it open: commits would succeed and be lost.
        """
        try:
            about = os.stat(self.path)
        except FileNotFoundError:
            raise LedgerUnusable(
                f"the ledger {self.path} was removed while in use; {_RESTART}"
            ) from None
        identity = (about.st_dev, about.st_ino)
        if self._identity is None:
            self._identity = identity
        elif self._identity != identity:
            raise LedgerUnusable(f"the ledger {self.path} was replaced while in use; {_RESTART}")

    def version(self, db: peewee.Database) -> int:
        """The file's `PRAGMA user_version`, which opening it costs one look to know."""
        look = self.insist(lambda: db.execute_sql("PRAGMA user_version").fetchone())
        version = int(look[0])
        if version == 0 and db.get_tables():
            raise LedgerVersion(
                f"{self.path} is the database of another program; choose another file"
            )
        return version

    def set_version(self, db: peewee.Database, version: int) -> None:
        """Write the numbers into the file's head."""
        db.execute_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute_sql(f"PRAGMA user_version = {version}")

    def size(self, db: peewee.Database) -> int:
        """The bytes of the file and of what stands beside it."""
        beside = [self.path.with_name(f"{self.path.name}{end}") for end in ("", "-wal", "-shm")]
        return sum(path.stat().st_size for path in beside if path.exists())

    def unused(self, db: peewee.Database) -> int:
        """The bytes of the file's free pages."""
        (pages,) = db.execute_sql("PRAGMA freelist_count").fetchone()
        (size,) = db.execute_sql("PRAGMA page_size").fetchone()
        return int(pages * size)

    def is_there(self) -> bool:
        """Whether the file exists."""
        return self.path.exists()

    def copy(self, db: peewee.Database, target: Path) -> None:
        """By SQLite's own means, which keep no writer waiting; the copy is looked at as well."""
        with copy_at(target) as file, closing(sqlite3.connect(file)) as copied:
            db.connection().backup(copied)
            (verdict,) = copied.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise LedgerUnusable(f"the copy of {self.path} is broken: {verdict}")

    def compact(self, db: peewee.Database) -> None:
        """Write the file anew, and empty what stands beside it."""
        db.execute_sql("VACUUM")
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def explain(self, error: Exception) -> LedgerUnusable:
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
        return LedgerUnusable(f"cannot use the ledger {self.path}: {text}")

    def is_locked(self, error: BaseException) -> bool:
        """Whether SQLite gave up since another connection held the lock."""
        code = _code(error)
        if code is not None:
            return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        return "locked" in str(error)

    def is_lost(self, error: BaseException) -> bool:
        """A file is not lost."""
        return False

    def is_stopped(self, error: BaseException) -> bool:
        """Whether SQLite was told to stop in the middle of a statement."""
        return _code(error) == sqlite3.SQLITE_INTERRUPT

    @staticmethod
    def spoils_all(error: BaseException) -> bool:
        """Whether SQLite could not go on, whatever the statement: a full disk, a broken file.

        What it says of a statement itself, such as one with too many variables, is that job's own.
        """
        return (
            isinstance(
                error, peewee.OperationalError | peewee.InternalError | sqlite3.OperationalError
            )
            and _code(error) != sqlite3.SQLITE_ERROR
        )


def _code(error: BaseException) -> int | None:
    """SQLite's own number for an error, as far as there is one."""
    within = error.__cause__ or error.__context__
    if isinstance(error, peewee.PeeweeException) and within is not None:
        error = within  # peewee raises an error of its own in the place of SQLite's
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


class _Reading(peewee.SqliteDatabase):
    """Connections that cannot write, and stop what takes longer than `timeout` seconds."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__(
            str(path),
            timeout=BUSY_TIMEOUT,
            field_types=FIELD_TYPES,
            thread_safe=True,
            check_same_thread=False,  # closed by the thread that closes the ledger
            pragmas={"query_only": 1, "cache_size": -4_000, "temp_store": "memory"},
        )
        self._limit = timeout
        self._deadline = threading.local()

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        if self._limit is not None:
            self._deadline.at = time.monotonic() + self._limit
            connection.set_progress_handler(self._is_over, STEPS)
        return connection

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction; from now on its time is counted."""
        if self._limit is not None:
            self._deadline.at = time.monotonic() + self._limit
        super().begin(lock_type)

    def _is_over(self) -> bool:
        """Whether what this thread does has had its time; SQLite asks."""
        return bool(time.monotonic() > self._deadline.at)


class VersionProbe(Watch):
    """Looks at `PRAGMA data_version`: a page header, some 10 µs; it waits for no lock."""

    def __init__(self, backend: SqliteBackend) -> None:
        self._backend = backend
        self._version = -1

    def __enter__(self) -> VersionProbe:
        self._connection = sqlite3.connect(
            self._backend.path, isolation_level=None, timeout=0, check_same_thread=False
        )
        self._connection.execute("PRAGMA query_only = 1")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def changed(self) -> bool:
        """Whether another connection has committed since the last look."""
        try:
            ((version,),) = self._connection.execute("PRAGMA data_version")
        except sqlite3.OperationalError as error:
            if not self._backend.is_locked(error):
                raise
            return True  # locked for a moment: look at the tables to be sure
        if version == self._version:
            return False
        self._version = version
        return True
