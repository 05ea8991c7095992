"""Threads that read, each with a connection of its own; what takes too long is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import peewee

from headrace_service.ledger.database.backend import Backend
from headrace_service.ledger.errors import LedgerUnusable, TookTooLong

T = TypeVar("T")


class Readers:
    """A few threads that run queries; they start when the first query comes.

    Args:
        backend: where the ledger is kept.
        threads: how many queries may run at once.
        timeout: seconds that a query may take; None is as long as it takes.
    """

    def __init__(self, backend: Backend, threads: int, timeout: float | None = None) -> None:
        self.db = backend.reading(timeout)
        self._backend = backend
        self._threads = threads
        self._timeout = timeout
        self._pool: ThreadPoolExecutor | None = None
        self._connections: list[Any] = []
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
            try:
                return self._pool.submit(self._run, query)
            except RuntimeError as error:  # the interpreter ends and starts nothing any more
                raise LedgerUnusable(f"the ledger is closed: {error}") from None

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
        try:
            try:
                return self._read(query)
            except self._backend.errors as error:
                if not self._backend.is_lost(error):
                    raise
                self.db.close()  # it may have been lost long ago: a new connection may do
                return self._read(query)
        except self._backend.errors as error:
            if self._backend.is_lost(error):
                raise self._backend.explain(error) from error
            if self._timeout is None or not self._backend.is_stopped(error):
                raise
            raise TookTooLong(self._timeout) from None

    def _read(self, query: Callable[[peewee.Database], T]) -> T:
        if self.db.is_closed():
            self._backend.insist(lambda: self.db.connect(reuse_if_open=True))
            with self._lock:
                self._connections.append(self.db.connection())
        with self.db.atomic():
            return query(self.db)
