"""Futures: task runs that were submitted, and will have a result.

futures = [double.submit(n) for n in range(10)]
wait(futures)
results = [future.result() for future in futures]
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from headrace.context import LiveFlowRun, LiveTaskRun
from headrace.nesting import replace
from headrace.states import Pending, State
from headrace.threads import SIGNAL_SLICE, blocking
from headrace.waits import waiting_for

if TYPE_CHECKING:
    import queue

R = TypeVar("R", covariant=True)
T = TypeVar("T")


class HeadraceFuture(Generic[R]):
    """A task run that was submitted. Passed to another task, it stands for its result."""

    __slots__ = ("__weakref__", "_callbacks", "_ended", "_lock", "_run", "_state")

    def __init__(self, run: LiveTaskRun) -> None:
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
        """Wait until the task run has ended, at most `timeout` seconds.

        Raises:
            CircularWaitError: the run waits for the one that asks.
            SystemExit, KeyboardInterrupt: the task raised it. It is meant for the whole program,
                and goes on to the one who waits.
        """
        self.ends_within(timeout)
        self._pass_on()

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> R:
        """Wait for the task run and return its value.

        Args:
            timeout: how many seconds to wait at most; None waits as long as it takes.
            raise_on_failure: False hands the exception of a failed run back instead of raising it.

        Raises:
            TimeoutError: it has not ended within `timeout`.
            CircularWaitError: the run waits for the one that asks.
            BaseException: what the run raised, if it failed.
        """
        if not self.ends_within(timeout):
            error = TimeoutError(
                f"Task run {self.task_run_id} did not complete within {timeout} seconds"
            )
            error.add_note(f"it is task run '{self.name}', in state {self.state}")
            raise error
        self._pass_on()
        return self._take_result(raise_on_failure)

    async def wait_async(self, timeout: float | None = None) -> None:
        """Wait until the task run has ended, at most `timeout` seconds, without holding up the
        event loop.
        """
        await wait_async([self], timeout)
        self._pass_on()

    async def result_async(self, timeout: float | None = None, raise_on_failure: bool = True) -> R:
        """The same as `result`, without holding up the event loop."""
        await wait_async([self], timeout)
        return self.result(timeout=0, raise_on_failure=raise_on_failure)

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
    def run(self) -> LiveTaskRun:
        """The task run itself. For the engine."""
        return self._run

    def _call(self, callback: Callable[[HeadraceFuture[R]], object]) -> None:
        try:
            callback(self)
        except Exception:  # somebody else's code, in a thread that has other work to do
            from headrace.logging import logger_of

            logger_of(self._run).exception("A callback of this task run's future raised")

    def _take_result(self, raise_on_failure: bool) -> R:
        state = cast("State[R]", self._state)
        value = state.outcome(raise_on_failure)
        here = LiveFlowRun.get()
        if here is not None and state.is_completed():
            # Passed on to another task, the value shows where it came from.
            here.provenance.track(value, self._run.id)
        return value

    def _pass_on(self) -> None:
        data = None if self._state is None else self._state.data
        if isinstance(data, SystemExit | KeyboardInterrupt):
            raise data

    def ends_within(self, timeout: float | None) -> bool:
        """Wait, and tell whether the run has ended within `timeout`. For the engine."""
        if self.done():
            return True
        with self._lock:
            if self.done():
                return True
            if self._ended is None:
                self._ended = threading.Event()
        if timeout is not None:
            with blocking():
                return self._ended.wait(timeout)
        with waiting_for(self._run), blocking():
            # A signal that comes just before the sleep does not end it, and is seen after it.
            while not self._ended.wait(SIGNAL_SLICE):
                pass
            return True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.state})"


class HeadraceConcurrentFuture(HeadraceFuture[R]):
    """The future of a task that runs in a thread of this process."""

    __slots__ = ()


class HeadraceFutureList(list[HeadraceFuture[T]]):
    """Several futures, such as `task.map` returns."""

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all have ended, at most `timeout` seconds in all."""
        wait(self, timeout)

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> list[T]:
        """Wait for all and return their values, in the list's order.

        Raises:
            TimeoutError: they have not all ended within `timeout` seconds.
            BaseException: what the first one to fail raised, though others are still running.
        """
        try:
            for future in as_completed(self, timeout):
                future.result(raise_on_failure=raise_on_failure)
        except _WaitTimeoutError as error:
            raise TimeoutError(
                f"Timed out waiting for all futures to complete within {timeout} seconds"
            ) from error
        return [future.result(raise_on_failure=raise_on_failure) for future in self]


class _WaitTimeoutError(TimeoutError):
    """The time of `as_completed` is over; a task's own TimeoutError is another."""


class DoneAndNotDoneFutures(NamedTuple, Generic[T]):
    """What `wait` returns."""

    done: set[HeadraceFuture[T]]
    not_done: set[HeadraceFuture[T]]


def wait(
    futures: Iterable[HeadraceFuture[T]], timeout: float | None = None
) -> DoneAndNotDoneFutures[T]:
    """Wait until all of `futures` have ended, at most `timeout` seconds.

    Returns:
        Those that have ended, and those that have not.

    Raises:
        ValueError: `timeout` is less than 0.
    """
    waited = list(futures)
    end = _end_of(timeout)
    for future in waited:
        future.wait(None if end is None else max(0.0, end - time.monotonic()))
    done = {future for future in waited if future.done()}
    return DoneAndNotDoneFutures(done, set(waited) - done)


def as_completed(
    futures: Iterable[HeadraceFuture[R]], timeout: float | None = None
) -> Iterator[HeadraceFuture[R]]:
    """Yield `futures` one by one, each as soon as it has ended.

    Raises:
        TimeoutError: they have not all ended within `timeout` seconds.
        ValueError: `timeout` is less than 0.
    """
    import queue

    waited = dict.fromkeys(futures)
    ended: queue.SimpleQueue[HeadraceFuture[R]] = queue.SimpleQueue()
    end = _end_of(timeout)
    for future in waited:
        future.add_done_callback(ended.put)
    for count in range(len(waited)):
        try:
            future = ended.get_nowait()
        except queue.Empty:
            found = _next_ended(ended, waited, end)
            if found is None:
                raise _WaitTimeoutError(
                    f"{len(waited) - count} (of {len(waited)}) futures unfinished"
                ) from None
            future = found
        yield future


def _next_ended(
    ended: queue.SimpleQueue[HeadraceFuture[R]],
    waited: Iterable[HeadraceFuture[R]],
    end: float | None,
) -> HeadraceFuture[R] | None:
    """Wait for the next of `waited` to come out of the queue; None if none has by `end`."""
    import queue

    with contextlib.ExitStack() as stack:
        if end is None:  # a wait in a circle would never end
            stack.enter_context(
                waiting_for(*(future.run for future in waited if not future.done()))
            )
        stack.enter_context(blocking())
        while end is None or (left := end - time.monotonic()) > 0:
            # In slices: a signal, or the end of a flow's time, may come just before the sleep.
            with contextlib.suppress(queue.Empty):
                return ended.get(timeout=SIGNAL_SLICE if end is None else min(SIGNAL_SLICE, left))
        return None


def resolve_futures_to_states(expr: Any) -> Any:
    """`expr` with the final states of the futures within it in their places; waits for them."""
    return _resolve(expr, lambda future: future.state)


def resolve_futures_to_results(expr: Any) -> Any:
    """`expr` with the results of the futures within it in their places; waits for them.

    Raises:
        Exception: one of them did not complete.
    """

    def result_of(future: HeadraceFuture[Any]) -> Any:
        if not future.state.is_completed():
            raise Exception("At least one result did not complete successfully")
        return future.result()

    return _resolve(expr, result_of)


def _resolve(expr: Any, put: Callable[[HeadraceFuture[Any]], Any]) -> Any:
    def take(value: object) -> object:
        if not isinstance(value, HeadraceFuture):
            return value
        value.wait()
        return put(value)

    return replace(expr, take)


def _end_of(timeout: float | None) -> float | None:
    """When `timeout` seconds are over, on the clock of `time.monotonic`."""
    if timeout is None:
        return None
    if timeout < 0:
        raise ValueError(f"'timeout' must be a non-negative number, got {timeout}")
    return time.monotonic() + timeout


async def wait_async(futures: Iterable[HeadraceFuture[Any]], timeout: float | None = None) -> None:
    """Wait until all have ended, at most `timeout` seconds, in a coroutine."""
    import asyncio  # it runs already, or this would not

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    waited = list(futures)
    when_all_done(waited, tell)
    with contextlib.ExitStack() as stack:
        if timeout is None:
            stack.enter_context(
                waiting_for(*(future.run for future in waited if not future.done()))
            )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await ended.wait()


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


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name != "HeadraceDistributedFuture":
        raise AttributeError(f"module 'headrace.futures' has no attribute {name!r}")
    import importlib  # by its name: it is built on this module

    return getattr(importlib.import_module("headrace.distributed"), name)
