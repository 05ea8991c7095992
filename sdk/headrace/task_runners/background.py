"""Tasks that run in the background: asked for here, executed by whichever task worker is free."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from headrace.client import background
from headrace.client.shared import ask_and_wait
from headrace.context import LiveFlowRun
from headrace.distributed import HeadraceDistributedFuture
from headrace.drawing import refuse_drawing
from headrace.engine.pools import pending_of
from headrace.engine.task_run import TaskRun, new_task_run
from headrace.futures import HeadraceFuture
from headrace.nesting import replace
from headrace.records import StateChange, StateType
from headrace.task_runners.base import TaskRunner
from headrace.task_runners.parcels import dumps, what_is_wrong

if TYPE_CHECKING:
    from typing import Self

    from headrace.client.operations import Object
    from headrace.tasks import Task


#: Runs that are asked for at once, at most; and the bytes of arguments after which it is enough.
MANY, LARGE = 500, 4 * 1024 * 1024


class _Arguments(NamedTuple):
    """What travels to the task worker. `named` tells that the run has its own name already."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    wait_for: Any
    named: bool


def delay(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: Any = None,
    edges: Mapping[str, list[UUID]] | None = None,
) -> HeadraceDistributedFuture[Any]:
    """Let a task run in the background; see `Task.apply_async`.

    Args:
        edges: runs whose results go into the call, by parameter, besides those its arguments show.
    """
    run, wanted = _wanted(task, args, kwargs, wait_for, edges)
    ask_and_wait(background.enqueue_task_runs([wanted]))
    return HeadraceDistributedFuture(run.id, run.name)


class Delays:
    """Runs that are asked for many at once, in the order in which they are added."""

    def __init__(self) -> None:
        self._wanted: list[Object] = []
        self._size = 0

    def add(
        self,
        task: Task[..., Any],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        wait_for: Any = None,
        edges: Mapping[str, list[UUID]] | None = None,
    ) -> HeadraceDistributedFuture[Any]:
        """One more, as by `delay`; it may have to wait for `send`."""
        run, wanted = _wanted(task, args, kwargs, wait_for, edges)
        self._wanted.append(wanted)
        self._size += len(wanted["arguments"])
        if len(self._wanted) >= MANY or self._size >= LARGE:
            self.send()
        return HeadraceDistributedFuture(run.id, run.name)

    def send(self) -> None:
        """Ask for those that were added."""
        wanted, self._wanted, self._size = self._wanted, [], 0
        if wanted:
            ask_and_wait(background.enqueue_task_runs(wanted))


def _wanted(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: Any,
    edges: Mapping[str, list[UUID]] | None,
) -> tuple[TaskRun, Object]:
    """A run of a task, and how to ask for it."""
    refuse_drawing("task.apply_async()")
    run = new_task_run(task, args, kwargs, wait_for)
    named = run.can_be_named()
    try:
        content = dumps(
            (*(replace(value, _portable) for value in (args, {**kwargs}, wait_for)), named)
        )
    except Exception as error:  # pickling runs the code of any class
        raise what_is_wrong(run, error) from error
    return run, background.background_run(
        run.id,
        task.task_key,
        task.name,
        run.name,
        content,
        tags=run.tags,
        inputs={**(edges or {}), **run.edges},
        flow_run_id=run.flow_run_id,
    )


def _portable(value: object) -> object:
    """What can travel in the place of a future of this process: the state that it comes to."""
    if not isinstance(value, HeadraceFuture) or isinstance(value, HeadraceDistributedFuture):
        return value
    value.ends_within(None)
    return value.state


def delayed_run(
    task: Task[..., Any],
    content: bytes,
    *,
    run_id: UUID,
    name: str,
    epoch: int,
    run_count: int,
    tags: list[str],
) -> TaskRun:
    """The run that `delay` asked for, as the task worker that has claimed it is to execute it.

    Args:
        task: the task, as it is here.
        content: the arguments, pickled.
        run_id, name, run_count, tags: the run, which exists already.
        epoch: the number of the claim.

    Raises:
        Exception: the arguments need what is not there, a module perhaps.
        ParameterBindError: they do not fit the task as it is here.
    """
    given = _Arguments(*pickle.loads(content))
    run = new_task_run(task, given.args, given.kwargs, given.wait_for)
    run.id, run.name, run.named = run_id, name, given.named
    run.epoch, run.run_count, run.tags = epoch, run_count, tags
    run.change = StateChange(StateType.PENDING, "Pending", run.clock.now(), None, run_count)
    return run


class HeadraceTaskRunner(TaskRunner[HeadraceDistributedFuture[Any]]):
    """Runs submitted tasks in the background: task workers that serve them execute them.

    The flow run waits for their ends. Nothing runs here, so that there is nothing to configure.
    """

    def duplicate(self) -> Self:
        return type(self)()

    def submit(
        self,
        task: Task[..., Any],
        parameters: Mapping[str, Any],
        wait_for: Iterable[HeadraceFuture[Any]] | None = None,
        dependencies: Any = None,
    ) -> HeadraceDistributedFuture[Any]:
        """Let a task run in the background; see `TaskRunner.submit`.

        Raises:
            RuntimeError: the runner was not started, by `with`.
            ServiceUnreachable: nobody answers at the service.
        """
        self._started_pool()
        future = delay(task, *task.shape.unbind(parameters), wait_for, dependencies)
        pending = pending_of(LiveFlowRun.get())
        pending[future] = None
        future.add_done_callback(lambda ended: pending.pop(ended, None))
        return future

    def cancel_all(self) -> None:
        """Submit no more. What was submitted goes on: task workers have it."""
        self._pool = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeadraceTaskRunner)

    __hash__ = None  # type: ignore[assignment]  # as with everything that compares by value

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
