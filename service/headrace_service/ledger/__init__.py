"""The ledger: everything that is known about runs, in one SQLite file.

One way in: `Ledger.append_value` (a batch of records becomes rows and events in one transaction).
One way out: queries on read-only connections, and the feed, which is the tail of the event log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import peewee

from headrace.records import BatchAck, RecordBatch
from headrace_service.ledger import database
from headrace_service.ledger.append import append
from headrace_service.ledger.decode import DecodedBatch, decode_batch
from headrace_service.ledger.errors import (
    InvalidBatch,
    InvalidCursor,
    LedgerError,
    LedgerUnusable,
    LedgerVersion,
    OutOfOrder,
)
from headrace_service.ledger.migrations import migrate
from headrace_service.ledger.writer import Writer

if TYPE_CHECKING:
    from headrace_service.ledger.feed import Feed

__all__ = [
    "InvalidBatch",
    "InvalidCursor",
    "Ledger",
    "LedgerError",
    "LedgerUnusable",
    "LedgerVersion",
    "OutOfOrder",
]

P = ParamSpec("P")
T = TypeVar("T")

#: Threads that read. SQLite reads in parallel; more than this only wait for the same two cores.
READERS = 3


class Ledger:
    """An open ledger file. Make one with `Ledger.open`; several processes may have it open."""

    def __init__(self, path: Path, writing: peewee.SqliteDatabase) -> None:
        self.path = path
        self._writer = Writer(writing, lambda error: database.explain(path, error))
        self._reading = database.reading_database(path)
        self._readers: ThreadPoolExecutor | None = None
        self._connections: list[Any] = []
        self._lock = threading.Lock()
        self._feed: Feed | None = None

    @classmethod
    def open(cls, path: Path, *, synchronous: str = "NORMAL") -> Ledger:
        """Open the file, create it if there is none, and bring its tables up to date.

        Args:
            path: the SQLite file; its folder exists.
            synchronous: NORMAL survives the death of any process, FULL also a power cut.

        Raises:
            LedgerUnusable: it cannot be opened or written, or is no ledger; the message says why.
        """
        writing = database.writing_database(path, synchronous=synchronous)
        try:
            # Turning WAL on fails at once while another process does the same.
            database.insist(lambda: writing.connect(reuse_if_open=True))
            migrate(writing)
        except (peewee.PeeweeException, OSError) as error:
            writing.close()
            raise database.explain(path, error) from error
        except LedgerUnusable:
            writing.close()
            raise
        # The connection is handed to the writer's thread: peewee keeps one for each thread.
        writing.close()
        return cls(path, writing)

    @property
    def feed(self) -> Feed:
        """The live tail of events and log lines; belongs to the event loop that starts it."""
        if self._feed is None:
            from headrace_service.ledger.feed import Feed

            self._feed = Feed(self)
        return self._feed

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
        return self._writer.submit(lambda db: append(db, decoded))

    def on_commit(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback`, in the writer's thread, after each commit; returns what undoes it."""
        return self._writer.on_commit(callback)

    def read(
        self,
        query: Callable[Concatenate[peewee.SqliteDatabase, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        """Run `query(db, …)` in a reader's thread, in one transaction: it sees one snapshot."""

        def run() -> T:
            if self._reading.is_closed():
                database.insist(lambda: self._reading.connect(reuse_if_open=True))
                with self._lock:
                    self._connections.append(self._reading.connection())
            with self._reading.atomic():
                return query(self._reading, *args, **kwargs)

        with self._lock:
            if self._readers is None:
                self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="headrace-read")
        return self._readers.submit(run)

    async def aread(
        self,
        query: Callable[Concatenate[peewee.SqliteDatabase, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`read`, awaited."""
        import asyncio  # 30 ms that a script which only records does not pay

        return await asyncio.wrap_future(self.read(query, *args, **kwargs))

    def close(self) -> None:
        """Commit what waits and close every connection. Calling it again does nothing."""
        if self._readers is not None:
            self._readers.shutdown(wait=True)
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._writer.close()
