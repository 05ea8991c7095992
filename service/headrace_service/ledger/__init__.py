"""The ledger: everything that is known about runs, in one SQLite file or PostgreSQL database.

One way in: `Ledger.append_value` (a batch of records becomes rows and events in one transaction).
One way out: queries on read-only connections, and the feed, which is the tail of the event log.
"""

from __future__ import annotations

from headrace_service.ledger import orm as orm  # first: it decides how peewee is loaded

# isort: split
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import peewee

from headrace.records import BatchAck, RecordBatch
from headrace_service.ledger.append import append
from headrace_service.ledger.commits import Commits
from headrace_service.ledger.database import backend_at
from headrace_service.ledger.database.sqlite import SqliteBackend
from headrace_service.ledger.decode import DecodedBatch, decode_batch
from headrace_service.ledger.errors import (
    CursorExpired,
    InvalidBatch,
    InvalidCursor,
    LedgerError,
    LedgerUnusable,
    LedgerVersion,
    OutOfOrder,
    TookTooLong,
)
from headrace_service.ledger.keep import Keep
from headrace_service.ledger.migrations import migrate
from headrace_service.ledger.readers import Readers
from headrace_service.ledger.writer import Writer
from headrace_service.settings import DEFAULT_STATEMENT_TIMEOUT

if TYPE_CHECKING:
    from headrace_service.ledger.database.backend import Backend, Watch
    from headrace_service.ledger.exchanges import Exchanges
    from headrace_service.ledger.feed import Feed
    from headrace_service.ledger.waiting import Slots

__all__ = [
    "CursorExpired",
    "InvalidBatch",
    "InvalidCursor",
    "Ledger",
    "LedgerError",
    "LedgerUnusable",
    "LedgerVersion",
    "OutOfOrder",
    "TookTooLong",
]

P = ParamSpec("P")
T = TypeVar("T")

#: Threads that read. They read in parallel; more than this only wait for the same two cores.
READERS = 3


class Ledger:
    """An open ledger. Make one with `Ledger.open`; several processes may have it open.

    Attributes:
        name: how people know it: the file's path, or the database's address without a password.
        spool: the folder in which processes that use the same home leave what they could not
            deliver; None when the ledger's place does not tell.
    """

    def __init__(self, backend: Backend, statement_timeout: float) -> None:
        self.name, self.spool = backend.name, backend.spool
        self._backend = backend
        self._writer = Writer(backend)
        #: What is counted while it is open.
        self.measures = self._writer.measures
        self._reading = Readers(backend, READERS, statement_timeout)
        # A thread of its own, so that nobody's slow query holds up what all others watch.
        self._feeding = Readers(backend, 1)
        self._feed: Feed | None = None
        self._slots: Slots | None = None
        self._exchanges: Exchanges | None = None
        self._commits = Commits(backend, self._writer)
        self._making = threading.Lock()
        #: How long things are kept.
        self.keep = Keep()
        #: Whether there were processes with open runs when it was opened: see `reaping`.
        self.found_processes = False

    @classmethod
    def open(
        cls,
        location: Path | str,
        *,
        synchronous: str = "NORMAL",
        statement_timeout: float = DEFAULT_STATEMENT_TIMEOUT,
        keep: Keep | None = None,
    ) -> Ledger:
        """Open it, create it if there is none, and bring its tables up to date.

        Args:
            location: a SQLite file, whose folder exists; or `postgresql://…`, a database.
            synchronous: of a file: NORMAL survives the death of any process, FULL also a power cut.
            statement_timeout: seconds after which a query is stopped.
            keep: how long things are kept by whoever looks for what is old.

        Raises:
            LedgerUnusable: it cannot be opened or written, or is no ledger; the message says why.
        """
        backend = backend_at(location, synchronous=synchronous)
        db = backend.writing()
        try:
            # Turning WAL on fails at once while another process does the same.
            backend.insist(lambda: db.connect(reuse_if_open=True))
            migrate(backend, db)
            found = db.execute_sql('SELECT 1 FROM "process" LIMIT 1').fetchone()
        except LedgerUnusable:
            raise
        except Exception as error:
            if not isinstance(error, (*backend.errors, OSError)):
                raise
            raise backend.explain(error) from error
        finally:
            db.close()
        ledger = cls(backend, statement_timeout)
        ledger.found_processes = found is not None
        ledger.keep = keep or Keep()
        return ledger

    @property
    def path(self) -> Path:
        """The SQLite file.

        Raises:
            LedgerUnusable: it is in no file.
        """
        if not isinstance(self._backend, SqliteBackend):
            raise LedgerUnusable(f"the ledger {self.name} is in no file")
        return self._backend.path

    @property
    def waiting(self) -> int:
        """How many jobs wait for the writer."""
        return self._writer.waiting

    async def size(self) -> int:
        """How many bytes it takes where it is kept."""
        return await self.aread(self._backend.size)

    async def version(self) -> int:
        """The number of the newest step that its tables have gone through."""
        return await self.aread(self._backend.version)

    def watch(self) -> Watch:
        """What tells whether somebody has committed, in this process or in another."""
        return self._backend.watch()

    def commits(self) -> int:
        """A number that is another one once somebody has committed, here or in another process.

        A look takes microseconds. Of others' commits to PostgreSQL it tells a moment later.
        """
        return self._commits.number()

    @property
    def feed(self) -> Feed:
        """The live tail of events and log lines; belongs to the event loop that starts it."""
        if self._feed is None:
            from headrace_service.ledger.feed import Feed

            self._feed = Feed(self)
        return self._feed

    @property
    def slots(self) -> Slots:
        """The slots of the concurrency limits, and those of this process who wait for some."""
        if self._slots is None:
            with self._making:
                if self._slots is None:
                    from headrace_service.ledger.waiting import Slots

                    self._slots = Slots(self._backend, self._writer, self._feeding)
        return self._slots

    @property
    def exchanges(self) -> Exchanges:
        """The exchanges about slots with other processes; belongs to the event loop that begins."""
        if self._exchanges is None:
            from headrace_service.ledger.exchanges import Exchanges

            self._exchanges = Exchanges(self.slots)
        return self._exchanges

    def append(self, batch: RecordBatch) -> Future[BatchAck]:
        """Take a batch of records. The future answers after the commit, or raises `OutOfOrder`."""
        return self._append(DecodedBatch(batch, None, []))

    def append_value(self, value: object) -> Future[BatchAck]:
        """Take a batch given as JSON bytes or plain values; malformed records are refused singly.

        Raises:
            InvalidBatch: the envelope is wrong; nothing was taken.
        """
        return self._append(decode_batch(value))

    def _append(self, decoded: DecodedBatch) -> Future[BatchAck]:
        self.measures.batches.note(len(decoded.batch.records))
        return self.write(append, decoded)

    def write(
        self,
        verb: Callable[Concatenate[peewee.Database, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        """Run `verb(db, …)` in the writer's thread, in one transaction with all that it changes.

        The future answers after the commit, or raises what the verb raised, which changed nothing.

        Raises:
            LedgerUnusable: the ledger is closed.
        """
        return self._writer.submit(lambda db: verb(db, *args, **kwargs))

    async def awrite(
        self,
        verb: Callable[Concatenate[peewee.Database, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`write`, awaited."""
        import asyncio

        return await asyncio.wrap_future(self.write(verb, *args, **kwargs))

    def on_commit(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback`, in the writer's thread, after each commit; returns what undoes it."""
        return self._writer.on_commit(callback)

    def read(
        self,
        query: Callable[Concatenate[peewee.Database, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        """Run `query(db, …)` in a reader's thread, in one transaction: it sees one snapshot.

        The future raises `TookTooLong` when the query had to be stopped.

        Raises:
            LedgerUnusable: the ledger is closed.
        """
        return self._reading.submit(lambda db: query(db, *args, **kwargs))

    async def aread(
        self,
        query: Callable[Concatenate[peewee.Database, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`read`, awaited."""
        import asyncio  # 30 ms that a script which only records does not pay

        return await asyncio.wrap_future(self.read(query, *args, **kwargs))

    async def aread_for_feed(
        self,
        query: Callable[Concatenate[peewee.Database, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`aread` in the thread that is kept for the feed. For quick queries by key only."""
        import asyncio

        reading = self._feeding.submit(lambda db: query(db, *args, **kwargs))
        return await asyncio.wrap_future(reading)

    def close(self) -> None:
        """Commit what waits and close every connection. Calling it again does nothing."""
        if self._slots is not None:
            self._slots.close()
        self._reading.close()
        self._feeding.close()
        self._commits.close()
        self._writer.close()
        self._backend.close()
