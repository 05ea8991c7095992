"""Submitted tasks in threads of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.futures import HeadraceFuture
from headrace.settings import get_settings
from headrace.task_runners.base import TaskRunner, checked_workers
from headrace.threads import WorkerPool

if TYPE_CHECKING:
    from typing import Self


class ThreadPoolTaskRunner(TaskRunner[HeadraceFuture[Any]]):
    """Runs submitted tasks in threads.

    Args:
        max_workers: how many tasks run at the same time at most, in each flow run; by default the
            setting `task_runner_max_workers`.

    Raises:
        ValueError: `max_workers` is less than 1.
    """

    def __init__(self, max_workers: int | None = None) -> None:
        super().__init__()
        self._max_workers = checked_workers(max_workers)

    def duplicate(self) -> Self:
        return type(self)(max_workers=self._max_workers)

    def start(self, name: str) -> WorkerPool:
        return WorkerPool(self._max_workers or get_settings().task_runner_max_workers, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThreadPoolTaskRunner) and self._max_workers == other._max_workers

    __hash__ = None  # type: ignore[assignment]  # as with everything that compares by value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(max_workers={self._max_workers})"


#: The name that Prefect's users may know it by.
ConcurrentTaskRunner = ThreadPoolTaskRunner
