"""What all task runners have in common: configuration, from which each flow run makes a pool."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from headrace.engine.jobs import crash
from headrace.futures import HeadraceFuture, HeadraceFutureList
from headrace.settings import get_settings
from headrace.threads import WorkerPool

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from headrace.engine.pools import Pool
    from headrace.tasks import Task

F = TypeVar("F", bound=HeadraceFuture[Any])


class TaskRunner(abc.ABC, Generic[F]):
    """Where submitted tasks run.

    A flow is given one with `@flow(task_runner=...)`; each of its runs has a pool of its own. Used
    by itself, a task runner is a context manager, at whose end all that was submitted has ended:

        with ThreadPoolTaskRunner(max_workers=2) as runner:
            future = runner.submit(double, {"number": 21})

    A subclass may override `submit` and `map`, which are then called for what its flow submits, and
    `__enter__` and `__exit__`: around each run of the flow.
    """

    #: Whether a subclass has methods of its own that its flow's runs have to call, and a `map`.
    is_own: ClassVar[bool] = False
    maps_itself: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.maps_itself = cls.map is not TaskRunner.map
        cls.is_own = cls.maps_itself or any(
            getattr(cls, name) is not getattr(TaskRunner, name)
            for name in ("submit", "__enter__", "__exit__")
        )

    def __init__(self) -> None:
        self._pool: Pool | None = None
        self._submitted: dict[HeadraceFuture[Any], None] = {}

    @property
    def name(self) -> str:
        """A short name of the kind of runner, such as "threadpool"."""
        return type(self).__name__.lower().replace("taskrunner", "")

    @abc.abstractmethod
    def duplicate(self) -> Self:
        """Another task runner of the same configuration, not started."""

    def start(self, name: str) -> Pool:
        """A pool for one flow run; `name` is what its threads are called after."""
        return WorkerPool(get_settings().task_runner_max_workers, name)

    def submit(
        self,
        task: Task[..., Any],
        parameters: Mapping[str, Any],
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        dependencies: Any = None,
    ) -> F:
        """Let a task run, and go on.

        Args:
            task: which task.
            parameters: its arguments by name; futures stand for their results.
            wait_for: a future, or several, that have to complete before the task starts.
            dependencies: the runs whose results go into it, by parameter, besides those that its
                arguments show.

        Raises:
            RuntimeError: the runner was not started, by `with`.
            ParameterBindError: the arguments do not fit the function.
        """
        from headrace.engine.entry import submit_to

        args, kwargs = task.shape.unbind(parameters)
        future = cast(
            F, submit_to(self._started_pool(), task, args, kwargs, wait_for, dependencies)
        )
        self._submitted[future] = None
        future.add_done_callback(self._forget)
        return future

    def map(
        self,
        task: Task[..., Any],
        parameters: Mapping[str, Any],
        wait_for: Any = None,
    ) -> HeadraceFutureList[Any]:
        """Submit a task once for each item of its iterable arguments; see `Task.map`.

        Raises:
            RuntimeError: the runner was not started, by `with`.
        """
        from headrace.engine.mapping import map_task

        args, kwargs = task.shape.unbind(parameters)
        return map_task(task, args, kwargs, wait_for, submit=self.submit_call)

    def submit_call(
        self,
        task: Task[..., Any],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        wait_for: Any = None,
        dependencies: Any = None,
    ) -> F:
        """The same as `submit`, for arguments as they stand in a call."""
        return self.submit(task, task.shape.bind(args, kwargs), wait_for, dependencies)

    def cancel_all(self) -> None:
        """End what runs, and what has not started."""
        if self._pool is None:
            return
        self._pool.close(drop=True)
        self._pool = None
        for future in list(self._submitted):
            crash(future, "its task runner was stopped")

    def __enter__(self) -> Self:
        if self._pool is not None:
            raise RuntimeError("This task runner is already started")
        self._pool = self.start(f"headrace-{self.name}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None and self._pool is not None:
            for future in list(self._submitted):
                future.ends_within(None)
            self._pool.close()
            self._pool = None
        else:
            self.cancel_all()

    def _started_pool(self) -> Pool:
        if self._pool is None:
            raise RuntimeError("Task runner is not started")
        return self._pool

    def _forget(self, future: HeadraceFuture[Any]) -> None:
        self._submitted.pop(future, None)


def checked_workers(max_workers: int | None) -> int | None:
    """`max_workers`, if it can be used.

    Raises:
        ValueError: it is less than 1.
    """
    if max_workers is not None and max_workers < 1:
        raise ValueError(f"max_workers={max_workers} cannot be used: use 1 or more")
    return max_workers
