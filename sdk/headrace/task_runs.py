"""Waiting for task runs, wherever they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from headrace.distributed import HeadraceDistributedFuture
from headrace.utilities.asyncutils import run_sync_in_worker_thread


class TaskRunWaiter:
    """Tells of the ends of task runs, by their ids."""

    @classmethod
    async def wait_for_task_run(cls, task_run_id: UUID, timeout: float | None = None) -> None:
        """Wait for the end of a task run, for `timeout` seconds at most.

        It returns then, too: a future's state, or the client, tells what has become of the run.
        """
        future: HeadraceDistributedFuture[Any] = HeadraceDistributedFuture(task_run_id)
        await run_sync_in_worker_thread(future.ends_within, timeout)

    @classmethod
    def add_done_callback(cls, task_run_id: UUID, callback: Callable[[], object]) -> None:
        """Call `callback()` once a task run has ended."""
        future: HeadraceDistributedFuture[Any] = HeadraceDistributedFuture(task_run_id)
        future.add_done_callback(lambda _: callback())
