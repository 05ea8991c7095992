"""An event loop in a thread of its own, for callers that have none or must not use theirs."""

from __future__ import annotations

import threading
from collections.abc import Coroutine
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

T = TypeVar("T")


class LoopThread:
    """Runs coroutines to their end, whoever begins them and from wherever.

    Args:
        name: the thread's.
    """

    def __init__(self, name: str) -> None:
        import asyncio

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the caller's context; the future is what becomes of it."""
        from concurrent.futures import Future

        future: Future[T] = Future()
        context = copy_context()

        def begin() -> None:
            task = self._loop.create_task(coroutine, context=context)
            # Cancelling the future, which never counts as running, cancels the task.
            future.add_done_callback(
                lambda ended: (
                    self._loop.call_soon_threadsafe(task.cancel) if ended.cancelled() else None
                )
            )
            task.add_done_callback(lambda ended: _pass_on(ended, future))

        self._loop.call_soon_threadsafe(begin)
        return future

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result."""
        return self.start(coroutine).result()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        import asyncio

        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


def _pass_on(task: asyncio.Task[T], future: Future[T]) -> None:
    """Give a task's outcome to a future; one that was cancelled before keeps to that."""
    if not future.set_running_or_notify_cancel():
        return
    if task.cancelled():
        import asyncio

        future.set_exception(asyncio.CancelledError())
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())
