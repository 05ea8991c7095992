"""`.map`: one submission for each item of the iterable arguments."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.context import LiveFlowRun
from headrace.drawing import refuse_drawing
from headrace.engine.entry import submit_task
from headrace.engine.inputs import not_ready, resolve
from headrace.engine.pools import own_runner_of
from headrace.exceptions import MappingLengthMismatch, MappingMissingIterable
from headrace.futures import HeadraceFuture, HeadraceFutureList
from headrace.states import State
from headrace.utilities.annotations import BaseAnnotation, allow_failure, opaque, quote, unmapped

if TYPE_CHECKING:
    from headrace.tasks import Task

#: Iterables that are one value nonetheless.
_WHOLE = (str, bytes, bytearray, io.IOBase)


def map_in_flow(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: object = None,
) -> HeadraceFutureList[Any]:
    """The same as `map_task`, by the flow run's task runner if it has a `map` of its own."""
    run = LiveFlowRun.get()
    if run is None or not (run.flow.has_own_runner and run.flow.task_runner.maps_itself):
        return map_task(task, args, kwargs, wait_for)
    return own_runner_of(run).map(task, task.shape.bind(args, kwargs), wait_for)


def map_task(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: object = None,
    submit: Callable[..., HeadraceFuture[Any]] = submit_task,
) -> HeadraceFutureList[Any]:
    """Submit `task` once for each item, by `submit`; see `Task.map`.

    Raises:
        MappingLengthMismatch: the iterables are not of one length.
        MappingMissingIterable: there is none.
    """
    refuse_drawing("task.map()")
    task.shape.check(args, kwargs)
    positional = task.shape.positional
    names = [positional[n] if n < len(positional) else f"#{n + 1}" for n in range(len(args))]
    columns = [_Column(value) for value in (*args, *kwargs.values())]
    named = dict(zip([*names, *kwargs], columns, strict=True))
    lengths = {name: len(c.items) for name, c in named.items() if c.items is not None}
    if not lengths:
        parameters = {name: column.value for name, column in named.items()}
        raise _placed(
            task,
            MappingMissingIterable(
                "No iterable parameters were received. Parameters for map must include at least "
                f"one iterable. Parameters: {parameters}"
            ),
        )
    if len(set(lengths.values())) > 1:
        raise _placed(
            task,
            MappingLengthMismatch(
                "Received iterable parameters with different lengths. Parameters for map must all "
                f"be the same length. Got lengths: {lengths}"
            ),
        )
    edges = {name: [column.source] for name, column in named.items() if column.source is not None}
    futures: HeadraceFutureList[Any] = HeadraceFutureList()
    for index in range(next(iter(lengths.values()))):
        row = [column.at(index) for column in columns]
        keywords = dict(zip(kwargs, row[len(args) :], strict=True))
        futures.append(submit(task, tuple(row[: len(args)]), keywords, wait_for, edges))
    return futures


class _Column:
    """An argument of `.map`.

    Attributes:
        value: the argument as it was given; a future's result in its place.
        items: what goes to the calls, one each; None if all get the same.
        source: the run whose result it is, if it is one: the calls' items cannot tell any more.
    """

    __slots__ = ("_mark", "_same", "items", "source", "value")

    def __init__(self, value: object) -> None:
        self._mark: BaseAnnotation[Any] | None = None
        self.source: UUID | None = None
        if isinstance(value, allow_failure | opaque | quote):
            self._mark, value = value, value.value
        elif isinstance(value, HeadraceFuture | State):
            self.source = value.task_run_id if isinstance(value, HeadraceFuture) else None
            value = _result_of(value)
        elif (run := LiveFlowRun.get()) is not None:
            self.source = run.provenance.find(value)
        self.value = value
        self._same = value.value if isinstance(value, unmapped) else value
        self.items: list[object] | None = None
        if isinstance(value, Iterable) and not isinstance(value, (unmapped, *_WHOLE)):
            self.items = list(value)

    def at(self, index: int) -> object:
        """What goes to call number `index`."""
        item = self._same if self.items is None else self.items[index]
        return item if self._mark is None else self._mark.rewrap(item)


def _result_of(value: HeadraceFuture[Any] | State[Any]) -> object:
    if isinstance(value, HeadraceFuture):
        value.wait()
    if (state := not_ready([value])) is not None:
        raise state.error
    return resolve(value)


def _placed(task: Task[..., Any], error: Exception) -> Exception:
    """The error with a note that tells where it happened."""
    run = LiveFlowRun.get()
    where = "" if run is None else f", in flow run '{run.name}' of flow '{run.flow.name}'"
    error.add_note(f"task '{task.name}'{where}; unmapped(...) marks what is to go to every call")
    return error
