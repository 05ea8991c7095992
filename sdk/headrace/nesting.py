"""Values within values: what lists, tuples, sets, dicts, dataclasses and pydantic models hold."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.utilities.annotations import BaseAnnotation, quote

#: How deep containers are searched; what is deeper in them stays as it is.
MAX_DEPTH = 100

#: Types of values that hold nothing.
PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})

_BUILT_IN: tuple[type, ...] = (list, tuple, dict, set, frozenset)


def is_container(value: object) -> bool:
    """Whether `value` may hold others that matter."""
    if isinstance(value, _BUILT_IN):
        return True
    kind = type(value)
    return hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__pydantic_fields__")


def items_of(container: object) -> list[object]:
    """What a container holds; in one step, since another thread may be changing it."""
    if isinstance(container, dict):
        return list(container.values())
    if isinstance(container, _BUILT_IN):
        return list(container)  # type: ignore[call-overload, no-any-return]
    return [getattr(container, name, None) for name in _field_names(container)]


def holds_plain(items: list[object]) -> bool:
    """Whether none of a container's items holds others or stands for something else."""
    return PLAIN.issuperset(map(type, items))


def replace(value: object, take: Callable[[object], object], unmark: bool = False) -> object:
    """`value` with what `take` gives in the places of the values that `take` was given.

    It is the same object, and so are the containers within it, where nothing was replaced. What is
    marked by `quote` is left alone.

    Args:
        take: returns what it is given, or something else in its place.
        unmark: whether the marks of `headrace.utilities.annotations` are taken off.
    """
    return _replace(value, take, unmark, {}, MAX_DEPTH)


def _replace(
    value: object,
    take: Callable[[object], object],
    unmark: bool,
    seen: dict[int, object],
    depth: int,
) -> object:
    if isinstance(value, BaseAnnotation):
        marked: object = value.value
        if not isinstance(value, quote):
            marked = _replace(marked, take, unmark, seen, depth)
        if unmark:
            return marked
        return value if marked is value.value else value.rewrap(marked)
    taken = take(value)
    if taken is not value or not depth or not is_container(value):
        return taken
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value  # what holds itself stays as it is
    items = items_of(value)
    replaced = [_replace(item, take, unmark, seen, depth - 1) for item in items]
    if any(new is not old for new, old in zip(replaced, items, strict=True)):
        seen[id(value)] = _rebuild(value, replaced)
    return seen[id(value)]


def _field_names(thing: object) -> list[str]:
    """The names of a dataclass's or pydantic model's fields."""
    kind: Any = type(thing)
    fields: Mapping[str, object] = (
        kind.__pydantic_fields__
        if hasattr(kind, "__pydantic_fields__")
        else kind.__dataclass_fields__
    )
    return list(fields)


def _rebuild(container: object, items: Sequence[object]) -> object:
    """A container like `container`, with other items."""
    if isinstance(container, dict):
        rebuilt = {} if type(container) is dict else copy.copy(container)  # an OrderedDict, say
        rebuilt.update(zip(container, items, strict=True))
        return rebuilt
    if isinstance(container, tuple) and hasattr(container, "_make"):
        made: object = container._make(items)
        return made
    if isinstance(container, _BUILT_IN):
        kind = next(kind for kind in _BUILT_IN if isinstance(container, kind))
        return kind(items)
    changed = copy.copy(container)
    for name, item in zip(_field_names(container), items, strict=True):
        # Frozen ones, too: the copy is nobody else's yet.
        object.__setattr__(changed, name, item)
    return changed
