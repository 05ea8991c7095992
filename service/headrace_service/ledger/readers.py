"""Threads that read, each with a connection of its own; what takes too long is stopped."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import peewee

from headrace_service.ledger import database
from headrace_service.ledger.errors import LedgerUnusable, TookTooLong

T = TypeVar("T")

#: SQLite's own steps between two looks at the clock: a fraction of a millisecond's worth.
STEPS = 10_000


class Readers:
    """A few threads that run queries; they start when the first query comes.

    Args:
        path: the ledger's file.
        threads: how many queries may run at once.
        timeout: seconds that a query may take; None is as long as it takes.
    """

    def __init__(self, path: Path, threads: int, timeout: float | None = None) -> None:
        self.db = database.reading_database(path)
        self._threads = threads
        self._timeout = timeout
        self._pool: ThreadPoolExecutor | None = None
        self._connections: list[Any] = []
        self._deadline = threading.local()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, query: Callable[[peewee.Database], T]) -> Future[T]:
        """Run `query(db)` in one transaction, so that it sees one snapshot.

        The future raises `TookTooLong` when the query had to be stopped.

        Raises:
            LedgerUnusable: the ledger is closed.
        """
        with self._lock:
            if self._closed:
                raise LedgerUnusable("the ledger is closed")
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="headrace-read")
            return self._pool.submit(self._run, query)

    def close(self) -> None:
        """Let what runs or waits come to its end, then close every connection."""
        with self._lock:
            self._closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _run(self, query: Callable[[peewee.Database], T]) -> T:
        if self.db.is_closed():
            self._connect()
        if self._timeout is not None:
            self._deadline.at = time.monotonic() + self._timeout
        try:
            with self.db.atomic():
                return query(self.db)
        except (peewee.OperationalError, sqlite3.OperationalError) as error:
            if self._timeout is None or not database.is_interrupted(error):
                raise
            raise TookTooLong(self._timeout) from None

    def _connect(self) -> None:
        database.insist(lambda: self.db.connect(reuse_if_open=True))
        connection = self.db.connection()
        if self._timeout is not None:
            connection.set_progress_handler(self._is_over, STEPS)
        with self._lock:
            self._connections.append(connection)

    def _is_over(self) -> bool:
        """Whether the query that this thread runs has had its time; SQLite asks."""
        return bool(time.monotonic() > self._deadline.at)
