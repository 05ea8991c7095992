"""Small things that are done to lists and dicts."""

from __future__ import annotations

import enum
import functools
import io
import itertools
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

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


def visit_collection(
    expr: Any,
    visit_fn: Callable[[Any], Any],
    *,
    return_data: bool = False,
    max_depth: int = -1,
) -> Any:
    """Call a function with a value, and with what its result holds, down to the leaves.

    Lists, tuples, sets, dicts and dataclasses are gone into.

    Args:
        expr: the value.
        visit_fn: called with each; what it returns takes the value's place.
        return_data: whether to return the value made of what was returned; else nothing is.
        max_depth: how deep to go; a negative number is no limit.
    """
    result = visit_fn(expr)
    if max_depth != 0:
        result = _rebuilt(
            result,
            lambda item: visit_collection(
                item, visit_fn, return_data=True, max_depth=max_depth - 1
            ),
        )
    return result if return_data else None


def extract_instances(values: Iterable[Any], types: type[T] | tuple[type[T], ...]) -> Any:
    """The values of a type; with several types, lists of them by type."""
    found = list(values)
    if not isinstance(types, tuple):
        return [value for value in found if isinstance(value, types)]
    return {kind: [value for value in found if isinstance(value, kind)] for kind in types}


def _rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return value._make(map(change, value))
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(change, value))
    if isinstance(value, dict):
        return type(value)((change(key), change(item)) for key, item in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: change(getattr(value, f.name)) for f in fields(value) if f.init}
        return replace(value, **changed)
    return value


def _path(keys: str | list[str | int]) -> list[Any]:
    if not isinstance(keys, str):
        return keys
    return [int(key) if key.isdigit() else key for key in _STEP.findall(keys)]
