"""Futures: task runs that were submitted, and will have a result.

futures = [double.submit(n) for n in range(10)]
wait(futures)
results = [future.result() for future in futures]
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from headrace.context import FlowRunContext, TaskRunContext
from headrace.exceptions import RunTimedOut
from headrace.states import Pending, State
from headrace.threads import blocking

R = TypeVar("R", covariant=True)
T = TypeVar("T")


class HeadraceFuture(Generic[R]):
    """A task run that was submitted. Passed to another task, it stands for its result."""

    __slots__ = ("__weakref__", "_callbacks", "_ended", "_lock", "_run", "_state")

    #: Whether there has been any: else arguments need not be searched for them.
    exist: ClassVar[bool] = False

    def __init__(self, run: TaskRunContext) -> None:
        HeadraceFuture.exist = True
        self._run = run
        self._state: State[object] | None = None
        self._lock = threading.Lock()
        self._ended: threading.Event | None = None
        self._callbacks: list[Callable[[HeadraceFuture[Any]], object]] | None = None

    @property
    def task_run_id(self) -> UUID:
        """The id of the task run."""
        return self._run.id

    @property
    def name(self) -> str:
        """The name of the task run."""
        return self._run.name

    @property
    def state(self) -> State[Any]:
        """The state that the task run is in."""
        return self._state or self._run.state or Pending()

    def done(self) -> bool:
        """Whether the task run has ended."""
        return self._state is not None

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the task run has ended, at most `timeout` seconds."""
        self._wait(timeout)

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> R:
        """Wait for the task run and return its value.

        Args:
            timeout: how many seconds to wait at most; None waits as long as it takes.
            raise_on_failure: False hands the exception of a failed run back instead of raising it.

        Raises:
            RunTimedOut: it has not ended within `timeout`.
            BaseException: what the run raised, if it failed.
        """
        if not self._wait(timeout):
            raise RunTimedOut(f"task run '{self.name}' has not ended within {timeout} seconds")
        state = cast("State[R]", self._state)
        value = state.result(raise_on_failure)
        here = FlowRunContext.get()
        if here is not None and state.is_completed():
            # Passed on to another task, the value shows where it came from.
            here.provenance.track(value, self._run.id)
        return value

    def add_done_callback(self, callback: Callable[[HeadraceFuture[R]], object]) -> None:
        """Call `callback(future)` once the task run has ended: at once if it has already.

        It is called in the thread that ran the task, and should be quick; what it raises is logged.
        """
        with self._lock:
            if self._state is None:
                if self._callbacks is None:
                    self._callbacks = []
                self._callbacks.append(callback)
                return
        self._call(callback)

    def settle(self, state: State[object]) -> None:
        """Give the future its final state. For the engine; only the first call counts."""
        with self._lock:
            if self._state is not None:
                return
            self._state = state
            ended, callbacks = self._ended, self._callbacks
            self._callbacks = None
        if ended is not None:
            ended.set()
        for callback in callbacks or ():
            self._call(callback)

    def orphan(self, state: State[object]) -> None:
        """End the future with `state` in a forked child, which does not see the run's own end.

        For the engine. Nobody is told: those who wait for it do so in the parent, and there a
        thread that the child has not may hold the lock.
        """
        self._lock = threading.Lock()
        self._callbacks = None
        if self._state is None:
            self._state = state

    @property
    def run(self) -> TaskRunContext:
        """The task run itself. For the engine."""
        return self._run

    def _call(self, callback: Callable[[HeadraceFuture[R]], object]) -> None:
        try:
            callback(self)
        except Exception:  # somebody else's code, in a thread that has other work to do
            from headrace.logging import logger_of

            logger_of(self._run).exception("A callback of this task run's future raised")

    def _wait(self, timeout: float | None) -> bool:
        """Whether the run has ended within `timeout`."""
        if self.done():
            return True
        with self._lock:
            if self.done():
                return True
            if self._ended is None:
                self._ended = threading.Event()
        with blocking():
            return self._ended.wait(timeout)

    def __repr__(self) -> str:
        return f"HeadraceFuture({self.name!r}, {self.state})"


class HeadraceFutureList(list[HeadraceFuture[T]]):
    """Several futures, such as `task.map` returns."""

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all have ended, at most `timeout` seconds in all."""
        wait(self, timeout)

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> list[T]:
        """Wait for all and return their values, in the list's order.

        Raises:
            RunTimedOut: they have not all ended within `timeout` seconds.
            BaseException: what the first failed one in the list raised.
        """
        _, late = wait(self, timeout)
        if late:
            raise RunTimedOut(f"{len(late)} of {len(self)} task runs have not ended in time")
        return [future.result(raise_on_failure=raise_on_failure) for future in self]


class DoneAndNotDone(NamedTuple):
    """What `wait` returns."""

    done: set[HeadraceFuture[Any]]
    not_done: set[HeadraceFuture[Any]]


def wait(futures: Iterable[HeadraceFuture[Any]], timeout: float | None = None) -> DoneAndNotDone:
    """Wait until all of `futures` have ended, at most `timeout` seconds.

    Returns:
        Those that have ended, and those that have not.
    """
    waited = list(futures)
    end = None if timeout is None else time.monotonic() + timeout
    for future in waited:
        future.wait(None if end is None else max(0.0, end - time.monotonic()))
    done = {future for future in waited if future.done()}
    return DoneAndNotDone(done, set(waited) - done)


def as_completed(
    futures: Iterable[HeadraceFuture[R]], timeout: float | None = None
) -> Iterator[HeadraceFuture[R]]:
    """Yield `futures` one by one, each as soon as it has ended.

    Raises:
        RunTimedOut: they have not all ended within `timeout` seconds.
    """
    import queue

    waited = set(futures)
    ended: queue.SimpleQueue[HeadraceFuture[R]] = queue.SimpleQueue()
    end = None if timeout is None else time.monotonic() + timeout
    for future in waited:
        future.add_done_callback(ended.put)
    for count in range(len(waited)):
        with blocking():
            try:
                future = ended.get(timeout=None if end is None else max(0, end - time.monotonic()))
            except queue.Empty:
                raise RunTimedOut(
                    f"{len(waited) - count} of {len(waited)} task runs have not ended "
                    f"within {timeout} seconds"
                ) from None
        yield future


def when_all_done(futures: Iterable[HeadraceFuture[Any]], callback: Callable[[], object]) -> None:
    """Call `callback()` once all of `futures` have ended; at once if they have already."""
    waited = [future for future in futures if not future.done()]
    if not waited:
        callback()
        return
    lock = threading.Lock()
    missing = len(waited)

    def count_down(_: HeadraceFuture[Any]) -> None:
        nonlocal missing
        with lock:
            missing -= 1
            last = missing == 0
        if last:
            callback()

    for future in waited:
        future.add_done_callback(count_down)
