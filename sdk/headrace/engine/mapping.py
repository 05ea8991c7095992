"""`.map`: one submission for each item of the iterable arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.engine.entry import submit_task
from headrace.exceptions import MappingLengthMismatch, MappingMissingIterable
from headrace.futures import HeadraceFuture, HeadraceFutureList
from headrace.utilities.annotations import unmapped

if TYPE_CHECKING:
    from headrace.tasks import Task


def map_task(
    task: Task[..., Any],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    wait_for: Iterable[HeadraceFuture[Any]] | None,
    submit: Callable[..., HeadraceFuture[Any]] = submit_task,
) -> HeadraceFutureList[Any]:
    """Submit `task` once for each item, by `submit`; see `Task.map`.

    Raises:
        MappingLengthMismatch: the iterables are not of one length.
        MappingMissingIterable: there is none.
    """
    task.shape.check(args, kwargs)
    awaited = None if wait_for is None else list(wait_for)
    columns = [_items(value) for value in (*args, *kwargs.values())]
    positional = task.shape.positional
    names = [positional[n] if n < len(positional) else f"#{n + 1}" for n in range(len(args))]
    lengths = {
        name: len(items)
        for name, (items, _) in zip([*names, *kwargs], columns, strict=True)
        if items is not None
    }
    if not lengths:
        raise MappingMissingIterable(
            f"task '{task.name}': map() needs at least one iterable argument; "
            "a single call is made with submit()"
        )
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"'{name}' has {length}" for name, length in lengths.items())
        raise MappingLengthMismatch(
            f"task '{task.name}': map() needs iterables of one length, but {told}; "
            "wrap in unmapped(...) what is to go to every call"
        )
    futures: HeadraceFutureList[Any] = HeadraceFutureList()
    for index in range(next(iter(lengths.values()))):
        row = [value if items is None else items[index] for items, value in columns]
        keywords = dict(zip(kwargs, row[len(args) :], strict=True))
        futures.append(submit(task, tuple(row[: len(args)]), keywords, awaited))
    return futures


def _items(value: object) -> tuple[list[object] | None, object]:
    """The items to map over, or None for a value that goes to every call; and that value."""
    if isinstance(value, unmapped):
        return None, value.value
    if isinstance(value, HeadraceFuture):
        value = value.result()
    if isinstance(value, str | bytes | bytearray | Mapping) or not isinstance(value, Iterable):
        return None, value
    return list(value), None
