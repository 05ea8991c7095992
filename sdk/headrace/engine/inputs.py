"""What goes into a task run: futures among its arguments, and results of other task runs.

Both are looked for in the arguments themselves and within lists, tuples, sets and dicts. Arguments
reach the task as they were given, the same objects, unless a future within has to be replaced by
its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from headrace.context import FlowRunContext
from headrace.exceptions import UpstreamTaskError
from headrace.futures import HeadraceFuture
from headrace.parameters import Shape
from headrace.provenance import Provenance
from headrace.states import NotReady, State

#: How deep containers are searched; what is deeper in them stays as it is, futures included.
MAX_DEPTH = 100

#: How many items of a container are looked at for results of other runs. Futures, which matter
#: to whether the call can be made at all, are found whatever the size.
MAX_LOOKED_AT = 100
_CONTAINERS: tuple[type, ...] = (list, tuple, dict, set, frozenset)
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None)})


class Inputs:
    """What was found in a call's arguments.

    Attributes:
        edges: by parameter name, the ids of the runs whose results go into it.
        futures: the futures found.
    """

    __slots__ = ("edges", "futures")

    def __init__(self) -> None:
        self.edges: dict[str, list[UUID]] = {}
        self.futures: list[HeadraceFuture[Any]] = []

    def look_into(self, name: str, value: object, provenance: Provenance | None) -> None:
        """Find what goes into the parameter `name`."""
        ids: list[UUID] = []
        # The containers on the way are kept in mind: they may hold themselves.
        self._search(value, provenance, ids, set(), MAX_DEPTH)
        if ids:
            self.edges[name] = [*self.edges.get(name, ()), *dict.fromkeys(ids)]

    def _search(
        self,
        value: object,
        provenance: Provenance | None,
        ids: list[UUID],
        seen: set[int],
        depth: int,
    ) -> None:
        if isinstance(value, HeadraceFuture):
            self.futures.append(value)
            ids.append(value.task_run_id)
            return
        if provenance is not None and (found := provenance.find(value)) is not None:
            ids.append(found)
        if not isinstance(value, _CONTAINERS) or id(value) in seen or not depth:
            return
        seen.add(id(value))
        items = _items(value)
        for item in items[:MAX_LOOKED_AT]:
            self._search(item, provenance, ids, seen, depth - 1)
        rest = items[MAX_LOOKED_AT:]
        # The types alone tell fast that a long list of numbers holds no future.
        if HeadraceFuture.exist and not _PLAIN.issuperset(map(type, rest)):
            for item in rest:
                self._search(item, None, ids, seen, depth - 1)


def _items(container: object) -> list[object]:
    """A container's items; in one step, since another thread may be changing it."""
    if isinstance(container, dict):
        return list(container.values())
    return list(container)  # type: ignore[call-overload, no-any-return]


def find_inputs(
    shape: Shape,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    flow_run: FlowRunContext | None,
) -> Inputs | None:
    """What goes into a call; None if nothing does, as with most calls."""
    provenance = None if flow_run is None else flow_run.provenance
    if not provenance:  # nothing is known yet
        provenance = None
    found: Inputs | None = None
    names = shape.positional
    for index, value in enumerate(args):
        if _may_hold(value, provenance):
            found = found or Inputs()
            name = names[index] if index < len(names) else shape.variadic or ""
            found.look_into(name, value, provenance)
    for name, value in kwargs.items():
        if _may_hold(value, provenance):
            found = found or Inputs()
            found.look_into(name, value, provenance)
    return found


def _may_hold(value: object, provenance: Provenance | None) -> bool:
    if isinstance(value, HeadraceFuture) or (isinstance(value, _CONTAINERS) and value):
        return True
    return provenance is not None and provenance.find(value) is not None


def resolve(value: object) -> object:
    """`value` with the results of its futures in their places, the same object if it has none.

    The futures have ended; see `not_ready` for those that have not ended well.
    """
    return _replace(value, {}, MAX_DEPTH)


def _replace(value: object, seen: dict[int, object], depth: int) -> object:
    if isinstance(value, HeadraceFuture):
        return value.state.result()
    if not isinstance(value, _CONTAINERS) or not depth:
        return value
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value  # what holds itself stays as it is
    items = _items(value)
    replaced = [_replace(item, seen, depth - 1) for item in items]
    if any(new is not old for new, old in zip(replaced, items, strict=True)):
        seen[id(value)] = _rebuild(value, replaced)
    return seen[id(value)]


def _rebuild(container: object, items: Iterable[object]) -> object:
    """A container like `container`, with other items."""
    if isinstance(container, dict):
        return dict(zip(container, items, strict=True))
    if isinstance(container, tuple) and hasattr(container, "_make"):
        named: Callable[[Iterable[object]], object] = container._make
        return named(items)
    kind = next(kind for kind in _CONTAINERS if isinstance(container, kind))
    return kind(items)


def not_ready(futures: Iterable[HeadraceFuture[Any]]) -> State[Any] | None:
    """The state of a run that can never start, since one of `futures` did not complete."""
    for future in futures:
        state = future.state
        if not state.is_completed():
            message = f"upstream task run '{future.name}' ended in state {state}"
            error = UpstreamTaskError(message)
            if isinstance(state.data, BaseException):
                error.__cause__ = state.data
            return NotReady(message, data=error)
    return None
