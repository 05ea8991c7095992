"""Threads that run jobs, and what it takes that those who wait for each other get on."""

from __future__ import annotations

import contextlib
import contextvars
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import CodeType

Job = Callable[[], object]

#: Seconds that code is given to end after it was interrupted.
GRACE = 0.25
#: Seconds between two looks at a thread that others may want to interrupt while it waits.
SLICE = 0.05

#: Seconds after which a wait without end looks for signals.
SIGNAL_SLICE = 1.0

_PACKAGE = os.path.dirname(__file__) + os.sep
_here = threading.local()

#: How to end what a thread does that runs an event loop, by the thread's id.
_cancellers: dict[int, Callable[[], object]] = {}

#: Functions of ours that call the user's, or wait for them: there, a thread may be interrupted.
CALLERS: set[CodeType] = set()


class Interrupted(BaseException):
    """Somebody else wants the code of this thread to end.

    Not an `Exception`, so that the `except Exception` of a user's function does not swallow it.
    """


def interrupt(ident: int, kind: type[BaseException]) -> bool:
    """Raise `kind()` in another thread, at the next step that its interpreter takes there.

    Code that is blocked outside of the interpreter (`time.sleep`, a lock, a socket) takes none.

    Returns:
        Whether it will be raised. It is not while the thread is in code of ours, which may hold a
        lock; a little later it may be.
    """
    if (cancel := _cancellers.get(ident)) is not None:
        cancel()
        return True
    frame = sys._current_frames().get(ident)
    while frame is not None and not frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame is not None and frame.f_code in CALLERS and _raise_in(ident, kind)


def interrupt_user(ident: int, kind: type[BaseException]) -> bool:
    """`interrupt` for code that may also be a script's own, called by nothing of ours."""
    frame = sys._current_frames().get(ident)
    while frame is not None and not frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return _raise_in(ident, kind) if frame is None else interrupt(ident, kind)


def _raise_in(ident: int, kind: type[BaseException]) -> bool:
    import ctypes

    raised = ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(ident), ctypes.py_object(kind)
    )
    return bool(raised)


@contextlib.contextmanager
def cancelled_by(cancel: Callable[[], object]) -> Iterator[None]:
    """While within, this thread, which runs an event loop, is interrupted by `cancel()`."""
    ident = threading.get_ident()
    _cancellers[ident] = cancel
    try:
        yield
    finally:
        del _cancellers[ident]


class ThreadCall:
    """A call in a thread of its own, whose end need not be waited for.

    Args:
        function: what to call; the context variables are those of here.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._over = threading.Event()
        self._pool: WorkerPool | None = getattr(_here, "pool", None)
        self.value: object = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name=threading.current_thread().name,
            daemon=True,
        )
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        end = time.monotonic() + seconds
        # In slices, between which this thread can be interrupted itself.
        while not self._over.wait(max(0.0, min(SLICE, end - time.monotonic()))):
            if time.monotonic() >= end:
                return False
        return True

    def interrupt(self, kind: type[BaseException]) -> bool:
        """Raise `kind()` in it; whether it has ended by that, or by itself, within `GRACE`."""
        end = time.monotonic() + GRACE
        while not self._over.is_set() and time.monotonic() < end:
            if self._thread.ident is not None and interrupt(self._thread.ident, kind):
                return self.wait(max(0.0, end - time.monotonic()))
            self._over.wait(0.005)
        return self._over.is_set()

    def _run(self) -> None:
        _here.pool = self._pool
        try:
            self.value = self._function()
        except BaseException as error:  # the caller raises it
            self.error = error
        self._over.set()


CALLERS.update({ThreadCall._run.__code__, ThreadCall.wait.__code__})


class WorkerPool:
    """Threads that run jobs, first come, first served.

    A job that waits for another one's future does not count against the limit while it waits, so
    that jobs that wait for each other's futures always get on. Nor does one that waits for slots
    of a concurrency limit, where a job is concerned that another job of the pool has submitted:
    whoever has the slots may wait for that.

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
        #: Those that jobs of the pool have submitted.
        self._inner: deque[Job] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._threads = 0
        self._idle = 0
        self._blocked = 0
        self._queuing = 0
        self._busy: set[int] = set()
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run `job` in a thread as soon as one is free. A job must not raise.

        Raises:
            RuntimeError: there is no thread yet, and the system has none to give.
        """
        jobs = self._inner if getattr(_here, "pool", None) is self else self._jobs
        with self._lock:
            jobs.append(job)
            try:
                self._call_a_thread()
            except RuntimeError:
                jobs.pop()
                raise

    def close(self, drop: bool = False) -> None:
        """Let the threads end once there are no jobs left.

        `drop` forgets those not started, and interrupts those that run; which may go on for all
        that, if they cannot be interrupted.
        """
        with self._lock:
            self._closed = True
            self._idle = 0
            if drop:
                self._jobs.clear()
                self._inner.clear()
            self._wake.notify_all()
        if drop:
            self._interrupt()

    def _interrupt(self) -> None:
        here = threading.get_ident()
        left = {ident for ident in list(self._busy) if ident != here}
        told: set[int] = set()
        end = time.monotonic() + GRACE
        while left and time.monotonic() < end:
            told |= {ident for ident in left - told if interrupt(ident, Interrupted)}
            time.sleep(0.005)
            left &= self._busy

    @contextlib.contextmanager
    def blocking(self) -> Iterator[None]:
        """While a job of this pool waits within, another may run in its stead."""
        with self._lock:
            self._blocked += 1
            if self._jobs or self._inner:
                self._call_a_thread()
        try:
            yield
        finally:
            with self._lock:
                self._blocked -= 1

    @contextlib.contextmanager
    def queuing(self) -> Iterator[None]:
        """While a job waits for slots within, one that a job has submitted may run in its stead."""
        with self._lock:
            self._queuing += 1
            if self._inner:
                self._call_a_thread()
        try:
            yield
        finally:
            with self._lock:
                self._queuing -= 1

    def _room(self) -> int:
        """How many more threads there may be. The lock is held."""
        room = self._limit + self._blocked - self._threads
        return room + self._queuing if self._inner else room

    def _call_a_thread(self) -> None:
        """Wake or start a thread for a job, if the limit allows. The lock is held."""
        if self._idle:
            # Counted off by who wakes it, not by the thread that wakes: else two jobs would
            # count on the same idle thread.
            self._idle -= 1
            self._wake.notify()
        elif self._room() > 0:
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
        ident = threading.get_ident()
        while (job := self._next_job()) is not None:
            self._busy.add(ident)
            job()
            self._busy.discard(ident)
            del job  # or what it holds would live on until the next one

    def _next_job(self) -> Job | None:
        """Wait for a job; None ends the thread."""
        with self._lock:
            while True:
                surplus = self._room() < 0
                if self._inner and not surplus:
                    return self._inner.popleft()
                if self._jobs and not surplus:
                    return self._jobs.popleft()
                if self._closed or surplus:
                    self._threads -= 1
                    if self._jobs or self._inner:
                        self._call_a_thread()
                    return None
                self._idle += 1
                self._wake.wait()


@contextlib.contextmanager
def blocking() -> Iterator[None]:
    """To be held while waiting for a task run: see `WorkerPool`."""
    pool = _pool()
    with contextlib.nullcontext() if pool is None else pool.blocking():
        yield


@contextlib.contextmanager
def queuing() -> Iterator[None]:
    """To be held while waiting for slots of a concurrency limit: see `WorkerPool`."""
    pool = _pool()
    with contextlib.nullcontext() if pool is None else pool.queuing():
        yield


def _pool() -> WorkerPool | None:
    """The pool of which this is a thread."""
    pool: WorkerPool | None = getattr(_here, "pool", None)
    return None if pool is None or pool.process != os.getpid() else pool
