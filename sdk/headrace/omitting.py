"""Importing packages without those parts of them that are not needed here."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


class _NotNow(threading.local):
    """Does not find some modules, for the thread that named them: others may import them."""

    names: tuple[str, ...] = ()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self.names:
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)
        return None


#: Stays among the finders for good. Other threads walk their list while it changes: one more in
#: front lets them see a finder twice, one less would let them miss one.
_FINDER = _NotNow()


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let what is imported within do without those modules, as if they were not installed."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    before = _FINDER.names
    _FINDER.names = (*before, *names)
    try:
        yield
    finally:
        _FINDER.names = before
