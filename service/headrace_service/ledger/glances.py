"""Following what is, where no event tells of every change: slots, workers, deployments, counts.

A look at the ledger is repeated when somebody has committed, and now and then, since leases end
without anybody's doing. What differs from the last look is told; a look is given what the last one
has found, so that it need not read once more what is as it was. So there is nothing to resume:
whoever comes again is told what is, and goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakValueDictionary

import msgspec

from headrace_service.ledger.tail import wait_for

if TYPE_CHECKING:
    from headrace_service.ledger import Ledger

T = TypeVar("T")

#: Seconds between two looks: this many at least, ten times what a look takes, and, while nobody
#: commits anything, this many at most.
PACE, SHARE, CHECK = 0.1, 10, 1.0


class Thing(msgspec.Struct, Generic[T], frozen=True):
    """What a look has found under a key; it has changed when its mark has."""

    row: T
    mark: object


class Seen(msgspec.Struct, Generic[T], frozen=True):
    """What a look has found, and where the feed of events stood."""

    things: Mapping[Hashable, Thing[T]]
    cursor: int


#: What the last look has found.
Known = Mapping[Hashable, Thing[T]]


class Changes(msgspec.Struct, Generic[T], frozen=True):
    """What is new or has changed since the last look, the keys of what is gone; and all of it."""

    changed: list[T]
    gone: list[Hashable]
    seen: Seen[T]


class _Glance:
    """One look, for all who want it."""

    def __init__(self, look: Callable[[Any, Known[Any]], Seen[Any]], ledger: Ledger) -> None:
        self._look = look
        self._ledger = ledger
        self._looking = asyncio.Lock()
        self._seen: Seen[Any] | None = None
        self._round = -1  #: in which of the rounds it has looked last
        self.rest = PACE  #: seconds until it may look again

    async def at(self, current: int) -> Seen[Any]:
        """What there is to see in that round, or in a later one."""
        async with self._looking:
            if self._seen is None or self._round < current:
                loop = asyncio.get_running_loop()
                begun = loop.time()
                known = self._seen.things if self._seen is not None else {}
                self._seen = await self._ledger.aread(self._look, known)
                self.rest = max(PACE, SHARE * (loop.time() - begun))
                self._round = current
            return self._seen


class Glances:
    """The looks that are repeated. Belongs to the event loop of its feed.

    Args:
        ledger: what is looked at.
        stopped: set when the feed has ended.
        begun: called when somebody begins to follow.
    """

    def __init__(self, ledger: Ledger, stopped: asyncio.Event, begun: Callable[[], None]) -> None:
        self._ledger = ledger
        self._stopped = stopped
        self._begun = begun
        self._known: WeakValueDictionary[Hashable, _Glance] = WeakValueDictionary()
        self._woken = asyncio.Event()
        self._round = 0
        self.subscribers = 0

    def wake(self) -> None:
        """Let all look again: somebody may have committed."""
        self._round += 1
        self._woken.set()
        self._woken = asyncio.Event()

    async def changes(
        self, look: Callable[..., Seen[T]], *args: Hashable
    ) -> AsyncGenerator[Changes[T]]:
        """What there is, and from then on what changes; see `Feed.changes`."""
        glance = self._glance(look, args)
        self.subscribers += 1
        self._begun()
        known: Known[T] | None = None
        try:
            while not self._stopped.is_set():
                woken = self._woken
                seen: Seen[T] = await glance.at(self._round)
                found = _difference(known or {}, seen)
                if known is None or found.changed or found.gone:
                    yield found
                known = seen.things
                await wait_for(self._stopped, glance.rest)
                await wait_for(woken, CHECK)
                if not woken.is_set():
                    self.wake()
        finally:
            self.subscribers -= 1

    def _glance(self, look: Callable[..., Seen[Any]], args: tuple[Hashable, ...]) -> _Glance:
        key = (look, args)
        glance = self._known.get(key)
        if glance is None:
            glance = self._known[key] = _Glance(
                lambda db, known: look(db, known, *args), self._ledger
            )
        return glance


def _difference(known: Known[T], seen: Seen[T]) -> Changes[T]:
    changed = [
        thing.row
        for key, thing in seen.things.items()
        if key not in known or known[key].mark != thing.mark
    ]
    return Changes(changed, [key for key in known if key not in seen.things], seen)
