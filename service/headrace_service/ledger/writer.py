"""The one thread that writes: jobs wait in line and are committed in groups.

A job is a function of the database. Each runs in a savepoint of its own, so that one that fails
takes nothing of the others with it; its answer is given only after the commit. What waits while a
commit is under way shares the next one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import peewee

from headrace_service.ledger.database.backend import Backend
from headrace_service.ledger.errors import LedgerUnusable
from headrace_service.measures import Measures

logger = logging.getLogger("headrace_service.ledger")

T = TypeVar("T")

#: Jobs in one commit: enough to share its cost, few enough to answer the first of them soon.
GROUP = 64

#: How often a group is tried, when it was undone and is known not to be committed.
ATTEMPTS = 3


@dataclass(slots=True)
class _Job(Generic[T]):
    run: Callable[[peewee.Database], T]
    future: Future[T] = field(default_factory=Future)
    answer: T | None = None
    failed: BaseException | None = None


class Writer:
    """Runs jobs on the write connection, in the order of their submission.

    Args:
        backend: where the ledger is kept.
    """

    def __init__(self, backend: Backend) -> None:
        self.measures = Measures()
        self._backend = backend
        self._db = backend.writing()
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._committed: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = threading.Thread(
            target=self._work, name="headrace-ledger", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter ends and starts no more threads
            self._thread = None

    def submit(self, run: Callable[[peewee.Database], T]) -> Future[T]:
        """Do `run` in the writer's thread; the future answers after the commit.

        Raises:
            LedgerUnusable: the ledger is closed.
        """
        job = _Job(run)
        with self._lock:
            if self._closed:
                raise LedgerUnusable("the ledger is closed")
            if self._thread is not None:
                self._jobs.put(job)
            elif job.future.set_running_or_notify_cancel():
                self._commit([job])
        return job.future

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize()

    def on_commit(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback`, in the writer's thread, after each commit; returns what undoes it."""
        self._committed.append(callback)
        return lambda: self._committed.remove(callback)

    def close(self) -> None:
        """Commit what waits and end the thread. Calling it again does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        if self._thread is not None:
            self._thread.join()
        else:
            self._db.close()

    def _work(self) -> None:
        closing = False
        while not closing:
            group, closing = self._take()
            if group:
                self._commit(group)
        self._db.close()

    def _take(self) -> tuple[list[_Job[Any]], bool]:
        """What waits, at most a group; waits for the first. The flag tells of the end."""
        group: list[_Job[Any]] = []
        job = self._jobs.get()
        while job is not None:
            if job.future.set_running_or_notify_cancel():
                group.append(job)
            if len(group) == GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Job[Any]]) -> None:
        began = time.perf_counter()
        attempt = 1
        while (error := self._try(group)) is not None:
            if attempt == ATTEMPTS or not self._may_be_tried_again(error):
                self._refuse(group, error)
                return
            logger.warning("a group of %d jobs is tried again: %s", len(group), error)
            attempt += 1
        self.measures.committed(len(group), time.perf_counter() - began)
        self._tell_committed()
        for job in group:
            if job.failed is not None:
                job.future.set_exception(job.failed)
            else:
                job.future.set_result(job.answer)

    def _try(self, group: list[_Job[Any]]) -> Exception | None:
        """Run the jobs in one transaction; what kept it from being committed, if anything."""
        try:
            self._backend.begin(self._db)
            for job in group:
                self._run(job)
            self._backend.commit(self._db)
        except Exception as error:
            self._rollback()
            if self._backend.is_lost(error):
                self._db.close()  # connected anew by whatever comes next
            return error
        return None

    def _may_be_tried_again(self, error: Exception) -> bool:
        """Whether nothing was committed, for a reason that may have passed."""
        return self._backend.is_locked(error) or self._backend.is_lost(error)

    def _tell_committed(self) -> None:
        for callback in tuple(self._committed):
            try:
                callback()
            except Exception:  # what is committed is committed; the writer goes on
                logger.exception("a listener for commits failed")

    def _run(self, job: _Job[Any]) -> None:
        """One job in its savepoint. Errors of the database end the group, others only the job."""
        job.answer = job.failed = None
        self._db.execute_sql("SAVEPOINT job")
        try:
            job.answer = job.run(self._db)
        except Exception as error:
            if self._backend.spoils_all(error):
                raise
            self._db.execute_sql("ROLLBACK TO job")
            job.failed = error
        self._db.execute_sql("RELEASE job")

    def _rollback(self) -> None:
        try:
            self._db.rollback()
        except self._backend.errors:  # it has been done, by SQLite on a full disk for one
            logger.debug("nothing to roll back", exc_info=True)

    def _refuse(self, group: list[_Job[Any]], error: Exception) -> None:
        known = isinstance(error, self._backend.errors)
        refusal = self._backend.explain(error) if known else error
        # Whoever has sent them hears of it, and says so; here it is but a detail.
        logger.info("a group of %d jobs was not committed: %s", len(group), refusal)
        self.measures.not_committed(str(refusal))
        for job in group:
            job.future.set_exception(refusal)
