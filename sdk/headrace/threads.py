"""Threads that run jobs, and what it takes that those who wait for each other get on."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator

Job = Callable[[], object]

_here = threading.local()


class WorkerPool:
    """Threads that run jobs, first come, first served.

    A job that waits for another one's future does not count against the limit while it waits, so
    that jobs that wait for each other's futures always get on.

    The threads are daemons: a task that hangs does not keep the process from ending. That no run
    is lost by it is seen to by the flow run, which waits for its tasks.

    Attributes:
        process: the id of the process that has the threads; a forked child has not.
    """

    def __init__(self, limit: int, name: str) -> None:
        self.process = os.getpid()
        self._limit = limit
        self._name = name
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._threads = 0
        self._idle = 0
        self._blocked = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run `job` in a thread as soon as one is free. A job must not raise."""
        with self._lock:
            self._jobs.append(job)
            self._call_a_thread()

    def close(self, drop: bool = False) -> None:
        """Let the threads end once there are no jobs left; `drop` forgets those not started."""
        with self._lock:
            self._closed = True
            self._idle = 0
            if drop:
                self._jobs.clear()
            self._wake.notify_all()

    @contextlib.contextmanager
    def blocking(self) -> Iterator[None]:
        """While a job of this pool waits within, another may run in its stead."""
        with self._lock:
            self._blocked += 1
            if self._jobs:
                self._call_a_thread()
        try:
            yield
        finally:
            with self._lock:
                self._blocked -= 1

    def _call_a_thread(self) -> None:
        """Wake or start a thread for a job, if the limit allows. The lock is held."""
        if self._idle:
            # Counted off by who wakes it, not by the thread that wakes: else two jobs would
            # count on the same idle thread.
            self._idle -= 1
            self._wake.notify()
        elif self._threads - self._blocked < self._limit:
            self._threads += 1
            thread = threading.Thread(
                target=self._work, name=f"{self._name}-{self._threads}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # the system has no more threads: those there are do the work
                self._threads -= 1
                if not self._threads:
                    raise

    def _work(self) -> None:
        _here.pool = self
        while (job := self._next_job()) is not None:
            job()
            del job  # or what it holds would live on until the next one

    def _next_job(self) -> Job | None:
        """Wait for a job; None ends the thread."""
        with self._lock:
            while True:
                surplus = self._threads - self._blocked > self._limit
                if self._jobs and not surplus:
                    return self._jobs.popleft()
                if self._closed or surplus:
                    self._threads -= 1
                    if self._jobs:
                        self._call_a_thread()
                    return None
                self._idle += 1
                self._wake.wait()


@contextlib.contextmanager
def blocking() -> Iterator[None]:
    """To be held while waiting for a task run: see `WorkerPool`."""
    pool: WorkerPool | None = getattr(_here, "pool", None)
    if pool is None or pool.process != os.getpid():
        yield
    else:
        with pool.blocking():
            yield
