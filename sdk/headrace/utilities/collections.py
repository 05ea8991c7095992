"""Small things that are done to lists and dicts."""

from __future__ import annotations

import copy
import enum
import functools
import io
import itertools
import operator
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from headrace.utilities.annotations import BaseAnnotation, opaque

T = TypeVar("T")

_STEP = re.compile(r"[^.\[\]]+")


class AutoEnum(str, enum.Enum):  # noqa: UP042  # prints as programs written for Prefect expect
    """An enumeration whose values are the names of its members: `RED = AutoEnum.auto()`."""

    @staticmethod
    def _generate_next_value_(name: str, *args: object) -> str:
        return name

    @staticmethod
    def auto() -> Any:
        """The value for a member."""
        return enum.auto()

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.value}"


def isiterable(value: object) -> bool:
    """Whether a value holds others: text, bytes and open files do not."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | io.IOBase)


def ensure_iterable(value: T | Iterable[T]) -> Iterable[T]:
    """The value itself if it is a list, a set, text or the like, else a list of it alone."""
    return value if isinstance(value, Sequence | Set) else [cast(T, value)]


def listrepr(values: Iterable[Any], sep: str = " ") -> str:
    """The values as they print in code, one after the other."""
    return sep.join(repr(value) for value in values)


def batched_iterable(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """The values in tuples of `size`; the last one may be shorter."""
    remaining = iter(values)
    while batch := tuple(itertools.islice(remaining, size)):
        yield batch


def dict_to_flatdict(nested: Mapping[Any, Any]) -> dict[tuple[Any, ...], Any]:
    """One level for all: the keys on the way to each value become a tuple."""
    flat: dict[tuple[Any, ...], Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            flat |= {(key, *rest): inner for rest, inner in dict_to_flatdict(value).items()}
        else:
            flat[(key,)] = value
    return flat


def flatdict_to_dict(flat: Mapping[tuple[Any, ...], Any]) -> dict[Any, Any]:
    """`dict_to_flatdict` the other way."""
    nested: dict[Any, Any] = {}
    for keys, value in flat.items():
        place = nested
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return nested


def deep_merge(base: Mapping[Any, Any], update: Mapping[Any, Any]) -> dict[Any, Any]:
    """A dict with what both hold, on every level; where both have a value, `update`'s."""
    merged = dict(base)
    for key, value in update.items():
        if isinstance(merged.get(key), Mapping) and isinstance(value, Mapping):
            merged[key] = deep_merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def deep_merge_dicts(*several: Mapping[Any, Any]) -> dict[Any, Any]:
    """`deep_merge` of several dicts; the last one that has a value wins."""
    return functools.reduce(deep_merge, several, {})


def distinct(values: Iterable[T], key: Callable[[T], Hashable] | None = None) -> Iterator[T]:
    """The values, each once; `key` gives what tells them apart."""
    seen: set[Hashable] = set()
    for value in values:
        told: Any = value if key is None else key(value)
        if told not in seen:
            seen.add(told)
            yield value


def get_from_dict(nested: Any, keys: str | list[str | int], default: Any = None) -> Any:
    """What stands at a path such as `"a[0].b"`, or `default`."""
    for key in _path(keys):
        try:
            nested = nested[key]
        except (KeyError, IndexError, TypeError):
            return default
    return nested


def set_in_dict(nested: dict[Any, Any], keys: str | list[str | int], value: Any) -> None:
    """Put `value` at a path such as `"a.b"`; dicts that are missing on the way are made.

    Raises:
        TypeError: what stands on the way is no dict.
    """
    path = _path(keys)
    if not path:
        return
    for key in path[:-1]:
        nested = nested.setdefault(key, {})
        if not isinstance(nested, dict):
            raise TypeError(f"Key path exists and contains a non-dict value: {keys}")
    nested[path[-1]] = value


def remove_nested_keys(keys_to_remove: Iterable[Any], nested: Any) -> Any:
    """The same without these keys, on every level of dicts."""
    unwanted = set(keys_to_remove)
    if not isinstance(nested, dict):
        return nested
    return {
        key: remove_nested_keys(unwanted, value)
        for key, value in nested.items()
        if key not in unwanted
    }


class StopVisiting(BaseException):  # so programs written for Prefect know it
    """Raised by a function of `visit_collection`: what the value holds is not to be visited."""


def visit_collection(
    expr: Any,
    visit_fn: Callable[..., Any],
    *,
    return_data: bool = False,
    max_depth: int = -1,
    context: dict[str, Any] | None = None,
    remove_annotations: bool = False,
) -> Any:
    """Call a function with a value, and with what it holds, down to the leaves.

    Lists, tuples, sets, dicts with their keys, dataclasses, pydantic models and marks such as
    `unmapped(...)` are gone into; each of them once, should it hold itself.

    Args:
        expr: the value.
        visit_fn: called with each; it may raise `StopVisiting`.
        return_data: whether what the function returns takes the values' places, and the value made
            of it is returned; else nothing is. What holds nothing new stays the same object.
        max_depth: how deep to go; a negative number is no limit.
        context: if given, the function gets a copy of it, too, for each level, to which the mark
            around a value is added as "annotation".
        remove_annotations: whether marks are left out of what is returned.
    """
    visitor = _Visitor(visit_fn, return_data, remove_annotations)
    result = visitor.visit(expr, max_depth, context)
    return result if return_data else None


class _Visitor:
    """One walk through a value; see `visit_collection`."""

    def __init__(self, visit_fn: Callable[..., Any], changes: bool, unmark: bool) -> None:
        self.visit_fn, self.changes, self.unmark = visit_fn, changes, unmark
        #: By id, what has been begun, and what has come of it.
        self.seen: dict[int, tuple[Any, Any]] = {}

    def visit(self, expr: Any, depth: int, context: dict[str, Any] | None) -> Any:
        try:
            told = self.visit_fn(expr) if context is None else self.visit_fn(expr, context)
        except StopVisiting:
            return expr
        if self.changes:
            expr = told
        if depth == 0:
            return expr
        if id(expr) in self.seen:
            return self.seen[id(expr)][1]
        self.seen[id(expr)] = expr, expr
        result = self.go_into(expr, depth - 1, context)
        self.seen[id(expr)] = expr, result
        return result

    def go_into(self, expr: Any, depth: int, context: dict[str, Any] | None) -> Any:
        def change(item: Any) -> Any:
            return self.visit(item, depth, None if context is None else dict(context))

        if not isinstance(expr, BaseAnnotation):
            return _rebuilt(expr, change)
        if context is not None:
            context["annotation"] = expr
        held = expr.unwrap()
        inner = self.visit(held, 0, context) if isinstance(expr, opaque) else change(held)
        if self.unmark and self.changes:
            return inner
        return expr if inner is held else expr.rewrap(inner)


def extract_instances(
    values: Iterable[Any], types: type[Any] | tuple[type[Any], ...] = object
) -> Any:
    """The values of a type; with several types, lists of them by type."""
    found = list(values)
    if not isinstance(types, tuple):
        return [value for value in found if isinstance(value, types)]
    return {kind: [value for value in found if isinstance(value, kind)] for kind in types}


def _rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """A collection of what `change` makes of the items; the same one if it changes none."""
    if isinstance(value, list | tuple | set):
        items = [change(item) for item in value]
        if all(map(operator.is_, items, value)):
            return value
        return type(value)._make(items) if hasattr(value, "_make") else type(value)(items)
    if isinstance(value, dict):
        pairs = [(change(key), change(item)) for key, item in value.items()]
        if all(
            key is k and item is i for (key, item), (k, i) in zip(pairs, value.items(), strict=True)
        ):
            return value
        if type(value) is dict:
            return dict(pairs)
        rebuilt = copy.copy(value)  # a defaultdict or Counter is not made of pairs
        rebuilt.clear()
        rebuilt.update(dict(pairs))
        return rebuilt
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        changed = {name: change(item) for name, item in held.items()}
        return value if _same(held, changed) else replace(value, **changed)
    if hasattr(type(value), "model_copy") and hasattr(value, "__pydantic_fields_set__"):
        held = dict(value)
        changed = {name: change(item) for name, item in held.items()}
        return value if _same(held, changed) else value.model_copy(update=changed)
    return value


def _same(held: dict[str, Any], changed: dict[str, Any]) -> bool:
    return all(changed[name] is item for name, item in held.items())


def _path(keys: str | list[str | int]) -> list[Any]:
    if not isinstance(keys, str):
        return keys
    return [int(key) if key.isdigit() else key for key in _STEP.findall(keys)]
