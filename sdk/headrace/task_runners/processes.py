"""Submitted tasks in other processes of this machine, for tasks that compute."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from headrace.context import get_environment
from headrace.engine.commands import Call
from headrace.exceptions import ProcessDied
from headrace.futures import HeadraceFuture
from headrace.task_runners.base import TaskRunner, checked_workers
from headrace.task_runners.children import GRACE, Child, Overdue
from headrace.task_runners.parcels import Packer, dumps, unpack_outcome
from headrace.threads import WorkerPool

if TYPE_CHECKING:
    from typing import Self

    from headrace.engine.jobs import Job
    from headrace.engine.task_run import TaskRun


class ProcessPoolTaskRunner(TaskRunner[HeadraceFuture[Any]]):
    """Runs submitted tasks in other processes, which start as they are needed.

    Arguments and results have to be picklable. Tasks that a task submits run in threads of its
    process. See docs/task-runners.md.

    Args:
        max_workers: how many processes at most, for each flow run; by default one for each CPU.
        initializer: called in each process before its first task.
        initargs: its arguments.

    Raises:
        ValueError: `max_workers` is less than 1.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
    ) -> None:
        super().__init__()
        self._max_workers = checked_workers(max_workers)
        self.initializer = initializer
        self.initargs = initargs

    def duplicate(self) -> Self:
        return type(self)(self._max_workers, self.initializer, self.initargs)

    def start(self, name: str) -> ProcessPool:
        limit = self._max_workers or os.cpu_count() or 1
        return ProcessPool(limit, name, dumps((self.initializer, self.initargs)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProcessPoolTaskRunner) and self._max_workers == other._max_workers

    __hash__ = None  # type: ignore[assignment]  # as with everything that compares by value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(max_workers={self._max_workers})"


class ProcessPool:
    """Threads that see to the lives of task runs, and processes that make their calls.

    Retries, caching, hooks and all of a run's states are the thread's business; only the user's
    function runs in the process. So the end of a process is no more than a call that went wrong.

    Args:
        limit: how many processes at most.
        name: what the threads are called after.
        initializer: see `Child`.
    """

    def __init__(self, limit: int, name: str, initializer: bytes) -> None:
        self.process = os.getpid()
        self._threads = WorkerPool(limit, name)
        self._initializer = initializer
        self._lock = threading.Lock()
        self._busy: set[Child] = set()
        self._idle: list[Child] = []
        self._closed = False
        self.packer = Packer()

    def submit(self, job: Job) -> None:
        job.run.remote = self._call
        self._threads.submit(job)

    def close(self, drop: bool = False) -> None:
        """As every pool's; `drop` also ends the processes that are at work."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy) if drop else []
        for child in busy:
            child.interrupt()
        self._threads.close(drop)
        for child in busy:
            child.interrupt(force=True)
        for child in idle:
            child.stop()

    @contextlib.contextmanager
    def child(self) -> Iterator[Child]:
        """A process for one call."""
        with self._lock:
            if self._closed:
                raise ProcessDied("the pool of processes was closed")
            child = self._idle.pop() if self._idle else None
        if child is None or not child.is_alive:
            child = Child(get_environment(), self._initializer)
        with self._lock:
            self._busy.add(child)
        try:
            yield child
        finally:
            with self._lock:
                self._busy.discard(child)
                keep = child.is_alive and not self._closed
                if keep:
                    self._idle.append(child)
            if not keep:
                child.stop()

    def _call(self, run: TaskRun) -> ProcessCall:
        return ProcessCall(self, run)


class ProcessCall(Call):
    """Call the user's function in a process of `pool`."""

    __slots__ = ("_pool", "_run")

    def __init__(self, pool: ProcessPool, run: TaskRun) -> None:
        super().__init__(run.task.function, run.args, run.kwargs, run.task.timeout_seconds)
        self._pool = pool
        self._run = run

    def perform(self) -> object:
        content = self._pool.packer.pack(self._run)
        # The process stops the call itself when its time is over, if it can be stopped.
        limit = None if self.timeout is None else self.timeout + GRACE
        with self._pool.child() as child:
            try:
                answer = child.call(content, limit)
            except Overdue:
                child.kill()
                self.expired = True
                raise self.failure(f"Scope timed out after {self.timeout} second(s).") from None
        outcome = unpack_outcome(answer)
        self.expired = outcome.expired
        self._run.asset_metadata = outcome.asset_metadata
        return outcome.get()

    async def perform_async(self) -> object:
        return await asyncio.to_thread(self.perform)
