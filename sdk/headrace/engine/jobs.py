"""A submitted task run on its way: from the call of `submit` to the end of its future."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any, cast

from headrace.drivers import drive, drive_async
from headrace.engine.lifecycle import lifecycle
from headrace.engine.pools import pending_of
from headrace.futures import HeadraceFuture
from headrace.states import Crashed
from headrace.text import describe_error
from headrace.threads import cancelled_by

if TYPE_CHECKING:
    from headrace.engine.pools import Pending
    from headrace.engine.task_run import TaskRun
    from headrace.states import State


class Job:
    """A task run that waits for its turn in a pool, and the future that waits for its end.

    Called, it runs the task here, in this thread. A pool of another kind takes it elsewhere.

    Attributes:
        run: the task run.
        context: the context variables at the time of `submit`.
    """

    __slots__ = ("_future", "_pending", "context", "run")

    def __init__(self, run: TaskRun, future: HeadraceFuture[Any], pending: Pending) -> None:
        self.run = run
        self.context = contextvars.copy_context()
        self._future = future
        self._pending = pending

    def __call__(self) -> None:
        try:
            state = self.context.run(run_here, self.run)
        except BaseException as error:  # meant for the process, but this thread is not its main one
            reason = describe_error(error)
            state = self.run.final or Crashed(f"Task run was ended by {reason}", data=error)
        self.settle(state)

    def settle(self, state: State[Any]) -> None:
        """The task run has come to its end, in `state`."""
        self._future.settle(state)
        self._pending.pop(self._future, None)


def crash(future: HeadraceFuture[Any], reason: str) -> None:
    """End a submitted task run that nobody will bring to its own end, and its future."""
    run = cast("TaskRun", future.run)
    run.crash(Crashed(f"Task run did not end by itself: {reason}"))
    future.settle(run.final or Crashed())
    pending_of(run.flow_run).pop(future, None)


def run_here(run: TaskRun) -> State[Any]:
    """Run a task in this thread, whether it is asynchronous or not."""
    if not run.task.isasync or run.remote is not None:
        return drive(lifecycle(run))
    import asyncio

    async def main() -> State[Any]:
        loop, this = asyncio.get_running_loop(), cast("asyncio.Task[Any]", asyncio.current_task())
        with cancelled_by(lambda: loop.call_soon_threadsafe(this.cancel)):
            return await drive_async(lifecycle(run))

    return asyncio.run(main())
