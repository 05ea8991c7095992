"""One function for synchronous and asynchronous callers, and the ways between the two.

@dispatched
async def read(name: str) -> str: ...

read("x")          # in synchronous code: the text
await read("x")    # in asynchronous code: a coroutine that gives it
read.aio("x")      # always the coroutine
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from headrace.exceptions import tell_in_one_line
from headrace.utilities.loops import LoopThread

if TYPE_CHECKING:
    from concurrent.futures import Future

P = ParamSpec("P")
T = TypeVar("T")


class Dispatched(Generic[P, T]):
    """A coroutine function that synchronous code may call as if it were none; see `dispatched`.

    Attributes:
        aio: the coroutine function itself.
    """

    def __init__(self, aio: Callable[P, Coroutine[Any, Any, T]]) -> None:
        functools.update_wrapper(self, aio)
        self.aio = aio

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """The result in synchronous code, and in asynchronous code a coroutine that gives it.

        `_sync=True` or `_sync=False` among the arguments decides it, whatever the code around is.
        """
        wanted = cast("bool | None", kwargs.pop("_sync", None))
        return dispatch(self.aio(*args, **kwargs), wanted)

    def __get__(self, instance: object, owner: type | None = None) -> Dispatched[..., T]:
        """As a method: with its `self` bound."""
        if instance is None:
            return self
        return Dispatched(cast(Any, self.aio).__get__(instance, owner))


def dispatched(aio: Callable[P, Coroutine[Any, Any, T]]) -> Dispatched[P, T]:
    """Make a coroutine function one that synchronous code can call, too."""
    return Dispatched(aio)


def dispatch(coroutine: Coroutine[Any, Any, T], sync: bool | None = None) -> Any:
    """The coroutine itself for asynchronous code to await, or its result for synchronous code.

    Args:
        coroutine: what is to be done.
        sync: whether the code that calls is synchronous; by default it is looked at.
    """
    if sync is None:
        sync = not is_in_async_context()
    if not sync:
        return coroutine
    tell_in_one_line()  # the way to the coroutine is nothing that its errors have to show
    return run_coro_as_sync(coroutine)


def async_dispatch(
    aio: Callable[..., Coroutine[Any, Any, Any]],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate the synchronous form of a function; `aio`, its other one, is for asynchronous code.

    For what is done often, or does not need an event loop: `dispatched` makes one form of the
    other, which takes a change of threads. The arguments `_sync` and `aio` mean the same.
    """

    def decorate(synchronous: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(synchronous)
        def choose(*args: Any, _sync: bool | None = None, **kwargs: Any) -> Any:
            sync = not is_in_async_context() if _sync is None else _sync
            return (synchronous if sync else aio)(*args, **kwargs)

        choose.aio = aio  # type: ignore[attr-defined]
        return choose

    return decorate


def call_sync(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what may be synchronous, asynchronous or either, and wait for what it gives."""
    if hasattr(method, "aio"):
        return method(*args, _sync=True, **kwargs)
    result = method(*args, **kwargs)
    return run_coro_as_sync(result) if isinstance(result, Coroutine) else result


def is_in_async_context() -> bool:
    """Whether the code that calls this can await: by its flow or task, or else by a running loop.

    A synchronous flow called from a coroutine is synchronous code, although a loop is running.
    """
    from headrace.context import CURRENT_RUN, LiveFlowRun

    run = CURRENT_RUN.get()
    if run is not None:
        return run.flow.isasync if isinstance(run, LiveFlowRun) else run.task.isasync
    return _a_loop_runs_here()


def run_coro_as_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from synchronous code, in the context of the caller.

    It runs in an event loop of another thread that all such calls of the process share, so that it
    does not matter whether a loop is running here. Where that loop itself is held up, by a
    coroutine that makes such a call, there is another one.
    """
    with _holding_up_this_loop():
        future = _own_loop().start(coroutine)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C here ends it there; one that has ended does not mind
            raise


def start_in_shared_loop(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Begin to run a coroutine of ours, which holds up nobody, in a loop that all of them share.

    What belongs to one event loop, such as a connection, can be shared by all callers there.
    """
    return _shared_loop().start(coroutine)


def sync_compatible(aio: Callable[P, Coroutine[Any, Any, T]]) -> Dispatched[P, T]:
    """The name that Prefect's users know `dispatched` by."""
    return Dispatched(aio)


async def run_sync_in_worker_thread(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call a synchronous function in another thread, without holding up the event loop."""
    import asyncio

    return await asyncio.to_thread(function, *args, **kwargs)


async def gather(*calls: Callable[[], Coroutine[Any, Any, T]]) -> list[T]:
    """Call coroutine functions side by side; their results in the order of the calls."""
    import asyncio

    return list(await asyncio.gather(*(call() for call in calls)))


def sync(function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call an asynchronous function from synchronous code."""

    async def call() -> T:
        return await function(*args, **kwargs)

    return run_coro_as_sync(call())


def is_async_fn(function: Callable[..., Any]) -> bool:
    """Whether calling `function` makes a coroutine."""
    import inspect

    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(inspect.unwrap(function))


def is_async_gen_fn(function: Callable[..., Any]) -> bool:
    """Whether calling `function` makes an asynchronous generator."""
    import inspect

    while isinstance(function, functools.partial):
        function = function.func
    return inspect.isasyncgenfunction(inspect.unwrap(function))


@contextlib.asynccontextmanager
async def asyncnullcontext(value: T | None = None) -> AsyncIterator[T | None]:
    """An asynchronous context that does nothing but give `value`."""
    yield value


class _Loop(LoopThread):
    """A loop for calls, which may have to wait for one another."""

    def __init__(self) -> None:
        #: Whether its thread waits for a coroutine that has to run in another one.
        self.held_up = False
        super().__init__("headrace-calls")

    def _run(self) -> None:
        _here.loop = self
        super()._run()


#: The loops of this process for calls; it needs a second one only while the first is held up.
_own: list[_Loop] = []
#: Its loop for coroutines of ours, apart from those that run the user's.
_shared: _Loop | None = None
_starting = threading.Lock()
#: The loop that a thread of `_Loop` runs, as `_here.loop`.
_here = threading.local()


def _own_loop() -> _Loop:
    """A loop for calls that is not held up."""
    with _starting:
        for loop in _own:
            if not loop.held_up:
                return loop
        _own.append(_Loop())
        return _own[-1]


def _shared_loop() -> _Loop:
    global _shared
    with _starting:
        if _shared is None:
            _shared = _Loop()
        return _shared


@contextlib.contextmanager
def _holding_up_this_loop() -> Iterator[None]:
    """To be held while this thread waits: no call is to wait for the loop that it may run."""
    loop: _Loop | None = getattr(_here, "loop", None)
    if loop is None:
        yield
        return
    loop.held_up = True
    try:
        yield
    finally:
        loop.held_up = False


def _a_loop_runs_here() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def _after_fork_in_child() -> None:
    global _starting, _shared, _here
    _starting = threading.Lock()
    # The loops' threads are the parent's, but for this one, which runs no loop any more.
    _own.clear()
    _shared, _here = None, threading.local()


os.register_at_fork(after_in_child=_after_fork_in_child)
