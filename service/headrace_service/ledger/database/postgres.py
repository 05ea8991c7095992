"""A ledger in a PostgreSQL database, which any number of replicas of the service share.

A transaction that writes holds one advisory lock until it has committed, so that all of them come
one after the other, and the order of `event.seq` is the order of the commits: without that, who
follows the log by `seq` would lose rows that commit late. NOTIFY wakes the other replicas' feeds.

An id is its 16 bytes here as in a SQLite file; the connections turn them into `uuid` and back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from headrace_service.ledger.database import without_password
from headrace_service.ledger.database.backend import Backend, Watch
from headrace_service.ledger.errors import LedgerUnusable, LedgerVersion
from headrace_service.ledger.orm import use_psycopg

try:
    use_psycopg()
except ImportError as error:
    raise LedgerUnusable(
        f"a ledger on PostgreSQL needs psycopg ({error}): pip install 'headrace[postgres]'"
    ) from None

# isort: split
import psycopg
from psycopg import errors
from psycopg.adapt import Dumper, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrBinaryDumper, StrDumperUnknown

from headrace_service.ledger.database.dump import dump
from headrace_service.ledger.database.listener import CHANNEL, Listener

#: The advisory lock that a writing transaction holds: "hdrc" in ASCII.
LOCK = 0x68647263

#: Seconds that opening a connection may take.
CONNECT_TIMEOUT = 10

#: A peer that has gone without a word (its machine has no power, a firewall has forgotten the
#: connection) is noticed within half a minute, by who waits for it as by who sends: else a listener
#: would hear nothing for hours. In seconds, and a number of questions; the last in milliseconds.
KEEPALIVE = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

#: Milliseconds that a writer may leave its transaction untouched, holding up all others, until
#: PostgreSQL ends it: the process was stopped, or its machine is asleep.
IDLE_IN_TRANSACTION = 10_000

#: Texts are compared byte by byte and numbers are of 64 bits, as in a SQLite file, whatever the
#: database's language.
FIELD_TYPES = {"RUN_ID": "UUID", "TEXT": 'TEXT COLLATE "C"', "INT": "BIGINT"}

#: Values that one statement can have.
MOST_VALUES = 65_535

#: Classes of SQLSTATE that are about the server or the transaction, and not about one statement's
#: values: lost connections, rollbacks, wrong state, no resources, shut down, system, internal.
_NOT_THE_JOBS = ("08", "25", "40", "53", "57", "58", "XX")

#: A transaction sees what was committed while it waited for the lock, whatever the database's
#: default is: each statement has a snapshot of its own.
_WRITES = (
    "SET default_transaction_isolation = 'read committed'; "
    f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION}"
)
#: Plans are made for the values that are asked for: which index is best depends on them. Compiling
#: a query takes longer than any that reads one page.
_READS = (
    "SET default_transaction_read_only = on; "
    "SET default_transaction_isolation = 'repeatable read'; SET statement_timeout = {timeout}; "
    "SET plan_cache_mode = force_custom_plan; SET jit = off"
)


class PostgresBackend(Backend):
    """The database at `url`."""

    errors = (peewee.PeeweeException, psycopg.Error)
    spool = None

    def __init__(self, url: str) -> None:
        self.name = without_password(url)
        self._url = url
        self._listener: Listener | None = None
        self._making = threading.Lock()

    def writing(self) -> PostgresDatabase:
        """The database for the writer's thread."""
        return PostgresDatabase(self._url, _WRITES)

    def reading(self, timeout: float | None) -> PostgresDatabase:
        """The database for readers; a transaction sees one snapshot."""
        limit = 0 if timeout is None else max(1, round(timeout * 1000))
        return PostgresDatabase(self._url, _READS.format(timeout=limit))

    def watch(self) -> Watch:
        """What tells of commits; all watches share one connection."""
        with self._making:
            if self._listener is None:
                self._listener = Listener(make_conninfo(self._url, **_defaults(self._url)))
            return self._listener.watch()

    def close(self) -> None:
        """End the connection that the watches share."""
        with self._making:
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def begin(self, db: peewee.Database) -> None:
        """Begin a transaction and wait for the lock."""
        _run(db, f"BEGIN; SELECT pg_advisory_xact_lock({LOCK})")

    def commit(self, db: peewee.Database) -> None:
        """Commit, and wake who listens."""
        try:
            _run(db, f"NOTIFY {CHANNEL}; COMMIT")
        except psycopg.Error as error:
            if not self.is_lost(error):
                raise
            raise LedgerUnusable(
                f"the connection to {self.name} was lost during a commit: what was sent may be "
                "stored or not; send it again"
            ) from error

    @contextmanager
    def alone(self, db: peewee.Database) -> Iterator[None]:
        """A transaction that holds the lock, for the tables to be changed in."""
        with db.atomic():
            db.execute_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield

    def version(self, db: peewee.Database) -> int:
        """The number of the newest step in the table of steps."""
        names = set(db.get_tables())
        if "schema_migration" in names:
            steps = db.execute_sql('SELECT max("name") FROM "schema_migration"').fetchone()
            return int((steps[0] or "0")[:4])
        theirs = names & {"flow", "flow_run", "task_run", "event", "log", "batch"}
        if theirs:
            raise LedgerVersion(
                f"{self.name} has tables of another program ({', '.join(sorted(theirs))}); "
                "choose another database"
            )
        return 0

    def set_version(self, db: peewee.Database, version: int) -> None:
        """The table of steps says it."""

    def size(self, db: peewee.Database) -> int:
        """The bytes of the whole database."""
        return int(db.execute_sql("SELECT pg_database_size(current_database())").fetchone()[0])

    def unused(self, db: peewee.Database) -> int:
        """Not known: PostgreSQL uses it again by itself."""
        return 0

    def is_there(self) -> bool:
        """It is there, or connecting to it says what is not."""
        return True

    def copy(self, db: peewee.Database, target: Path) -> None:
        """By PostgreSQL's own program, which keeps no writer waiting."""
        dump(self._url, target, self.name)

    def compact(self, db: peewee.Database) -> None:
        """Let PostgreSQL use the room again, and know what there is."""
        db.connection().autocommit = True
        db.execute_sql("VACUUM (ANALYZE)")

    def explain(self, error: Exception) -> LedgerUnusable:
        """One clear line for what PostgreSQL or the driver said."""
        text = " ".join(str(error).split())
        return LedgerUnusable(f"cannot use the ledger {self.name}: {text}")

    def is_locked(self, error: BaseException) -> bool:
        """Whether PostgreSQL undid a transaction in favour of another one."""
        return (_state(error) or "").startswith("40")

    def is_lost(self, error: BaseException) -> bool:
        """Whether the server has gone, or ended the connection."""
        error = _within(error)
        if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return False
        state = _state(error)
        return state is None or state.startswith("08") or state in _ENDED

    def is_stopped(self, error: BaseException) -> bool:
        """Whether a statement was cancelled at its timeout."""
        return isinstance(_within(error), errors.QueryCanceled)

    @staticmethod
    def spoils_all(error: BaseException) -> bool:
        """Whether the server, the connection or the transaction has failed."""
        if not isinstance(_within(error), psycopg.Error):
            return False
        state = _state(error)
        return state is None or state.startswith(_NOT_THE_JOBS)


#: The server shuts down, crashed, or ended a session that left its transaction alone.
_ENDED = ("57P01", "57P02", "57P03", "57P05", "25P03", "25P04")


def _run(db: peewee.Database, statements: str) -> None:
    """Several statements in one round trip."""
    connection: Any = db.connection()
    psycopg.Cursor(connection).execute(statements, prepare=False)


def _within(error: BaseException) -> BaseException:
    """The driver's error, where peewee raises one of its own in its place."""
    cause = error.__cause__ or error.__context__
    return cause if isinstance(error, peewee.PeeweeException) and cause is not None else error


def _state(error: BaseException) -> str | None:
    """The error's SQLSTATE; None when the server did not say one."""
    state: str | None = getattr(_within(error), "sqlstate", None)
    return state


class PostgresDatabase(peewee.PostgresqlDatabase):
    """peewee on psycopg 3, with ids as bytes.

    Args:
        url: where the database is.
        session: statements that set up each connection.
    """

    def __init__(self, url: str, session: str) -> None:
        self._session = session
        super().__init__(
            url,
            prefer_psycopg3=True,
            field_types=FIELD_TYPES,
            thread_safe=True,
            **_defaults(url),
        )

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        try:
            psycopg.Cursor(connection).execute(self._session, prepare=False)
        except BaseException:
            connection.close()
            raise
        _adapt(connection)
        return connection

    def create_tables(self, models: Any, **options: Any) -> None:
        """Create tables; that SQLite is to make some without a rowid does not concern us."""
        metas = [model._meta for model in models]
        before = [meta.without_rowid for meta in metas]
        try:
            for meta in metas:
                meta.without_rowid = False
            super().create_tables(models, **options)
        finally:
            for meta, value in zip(metas, before, strict=True):
                meta.without_rowid = value

    def copy_rows(self, table: str, types: dict[str, str], rows: Iterable[Any]) -> None:
        """Insert many rows in the way that costs PostgreSQL least.

        Args:
            table: where they go.
            types: the name and the type of each column, in the order of the rows' values.
            rows: the values.
        """
        names = ", ".join(f'"{name}"' for name in types)
        connection: Any = self.connection()  # type: ignore[no-untyped-call]
        with (
            psycopg.Cursor(connection) as cursor,
            cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)') as copy,
        ):
            copy.set_types(list(types.values()))
            for row in rows:
                copy.write_row(row)


def _defaults(url: str) -> dict[str, Any]:
    """What a URL does not say about connections."""
    said = conninfo_to_dict(url)
    ours = {"application_name": "headrace", "connect_timeout": CONNECT_TIMEOUT, **KEEPALIVE}
    return {name: value for name, value in ours.items() if name not in said}


def _adapt(connection: Any) -> None:
    connection.cursor_factory = _Cursor
    for kind, dumper in ((bytes, _IdDumper), (int, Int8BinaryDumper), (str, _TextDumper)):
        connection.adapters.register_dumper(kind, dumper)
    connection.adapters.register_dumper(str, _UnknownDumper)
    connection.adapters.register_loader("uuid", _IdLoader)


class _Cursor(psycopg.Cursor[Any]):
    """Rows come in PostgreSQL's binary form."""

    def __init__(self, connection: Any, **options: Any) -> None:
        super().__init__(connection, **options)
        self.format = Format.BINARY

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As psycopg does; but what cannot even be sent is no failure of the connection."""
        if params is not None and len(params) > MOST_VALUES:
            raise errors.StatementTooComplex(f"{len(params)} values are more than {MOST_VALUES}")
        return super().execute(query, params, **options)


class _IdDumper(Dumper):
    format = Format.BINARY
    oid = psycopg.adapters.types["uuid"].oid

    def dump(self, obj: bytes) -> bytes:
        return obj


class _IdLoader(Loader):
    format = Format.BINARY

    def load(self, data: Any) -> bytes:
        return bytes(data)


# PostgreSQL's texts cannot have the character NUL, which a program may well log.


class _UnknownDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}") if "\0" in obj else obj)


class _TextDumper(StrBinaryDumper):
    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}") if "\0" in obj else obj)
