"""Whether the ledger is still as it was: a number that changes whenever somebody has committed."""

from __future__ import annotations

import threading

from headrace_service.ledger.database.backend import Backend, Watch
from headrace_service.ledger.errors import LedgerUnusable
from headrace_service.ledger.writer import Writer


class Commits:
    """Counts what was committed, here and in other processes, as far as anybody has looked.

    Args:
        backend: where the ledger is kept; it tells of other processes' commits.
        writer: this process's; its commits count before those who asked for them hear of it.
    """

    def __init__(self, backend: Backend, writer: Writer) -> None:
        self._backend = backend
        self._watch: Watch | None = None
        self._own = self._heard = 0
        self._lock = threading.Lock()
        self._closed = False
        writer.on_commit(self._note)

    def number(self) -> int:
        """The number now. It takes microseconds and waits for nobody who reads or writes.

        Raises:
            LedgerUnusable: the ledger is closed.
        """
        with self._lock:
            if self._closed:
                raise LedgerUnusable("the ledger is closed")
            if self._watch is None:
                self._watch = self._backend.watch().__enter__()
            self._heard += self._watch.changed()
            return self._own + self._heard

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            if self._watch is not None:
                self._watch.__exit__(None, None, None)
                self._watch = None

    def _note(self) -> None:
        self._own += 1
