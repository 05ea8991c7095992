"""Whose result is this? Edges between task runs, found by the identity of the objects passed on.

A flow may pass the result of one task straight into another: `process(fetch(url))`. The second
call is told nothing about the first, so the flow run remembers which object came out of which run.

An object that takes weak references is remembered by one. Others (lists, dicts, text) have to be
held, or their address could be taken over by another object; so every newly remembered object
makes us look at the two that have waited longest, and let go of those that nobody else holds.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from uuid import UUID

#: How many objects are held at most.
MAX_HELD = 1000


class _Held:
    """An object, the run it came from, and the same questions as are asked of a weak reference."""

    __slots__ = ("run_id", "value")

    def __init__(self, value: object, run_id: UUID) -> None:
        self.value = value
        self.run_id = run_id

    def __call__(self) -> object:
        return self.value

    def references(self) -> int:
        return sys.getrefcount(self.value)


class _Weak(weakref.ref[object]):
    """A weak reference that knows the run its object came from."""

    __slots__ = ("run_id",)
    run_id: UUID


# What `references` answers for an object that only `_Held` holds: it depends on the interpreter.
_HELD_ALONE = _Held(object(), UUID(int=0)).references()


def _is_shared(value: object) -> bool:
    """Whether `value` may be one object in many unrelated places, so that identity says nothing."""
    kind = type(value)
    if value is None or kind is bool or kind is type or value is ... or value is NotImplemented:
        return True
    if kind is int:
        return -5 <= value <= 256  # type: ignore[operator]  # the interpreter's small ints
    if kind is str:
        # Constants that look like identifiers are interned across modules.
        return len(value) <= 1 or value.isidentifier()  # type: ignore[arg-type, attr-defined]
    if kind is bytes:
        return len(value) <= 1  # type: ignore[arg-type]
    return (kind is tuple or kind is frozenset) and not value


class Provenance:
    """The results of one flow run's tasks, by identity."""

    __slots__ = ("_known", "_queue")

    def __init__(self) -> None:
        self._known: dict[int, _Held | _Weak] = {}
        self._queue: deque[_Held] = deque()

    def __len__(self) -> int:  # how many results are known
        return len(self._known)

    def track(self, value: object, run_id: UUID) -> None:
        """Remember that `value` came out of run `run_id`."""
        if _is_shared(value):
            return
        key = id(value)
        known = self._known
        try:
            weak = _Weak(value, lambda ref: self._forget(key, ref))
        except TypeError:
            held = _Held(value, run_id)
            known[key] = held
            self._queue.append(held)
            self._let_go()
        else:
            weak.run_id = run_id
            known[key] = weak

    def find(self, value: object) -> UUID | None:
        """The run that `value` came out of, if it is known."""
        entry = self._known.get(id(value))
        if entry is None or entry() is not value:
            return None
        return entry.run_id

    def _forget(self, key: int, entry: object) -> None:
        if self._known.get(key) is entry:
            del self._known[key]

    def _let_go(self) -> None:
        """Look at the two that have waited longest; drop them if nobody else holds them."""
        queue = self._queue
        # Several threads may do this at once: each entry is in the hands of one of them.
        for _ in range(2):
            try:
                oldest = queue.popleft()
            except IndexError:
                return
            key = id(oldest.value)
            if self._known.get(key) is not oldest:
                continue
            if len(queue) >= MAX_HELD or oldest.references() <= _HELD_ALONE:
                self._forget(key, oldest)
            else:
                queue.append(oldest)
