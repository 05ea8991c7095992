"""Events that are told by hand, and those that happen, as they happen.

async with get_events_subscriber(filter=EventFilter(event=EventNameFilter(name=["a.b"]))) as told:
    async for event in told:
        print(event.resource.id)
"""

from __future__ import annotations

import abc
import asyncio
from collections.abc import AsyncGenerator
from typing import Any, ClassVar, Self

from headrace.client.clients import AsyncClient
from headrace.events.filters import EventFilter
from headrace.events.schemas.events import Event
from headrace.events.utilities import record_event
from headrace.recorder import settle

_FOLLOW = """
subscription ($after: Cursor, $names: [String!]) {
  events(after: $after, filter: {kinds: [CUSTOM], names: $names}) {
    cursor
    events { event { id name occurred resource related payload } }
  }
}
"""


class EventsClient(abc.ABC):
    """Tells of events, within an `async with` block."""

    _in_context = False

    @property
    def client_name(self) -> str:
        """The name of its class."""
        return type(self).__name__

    async def emit(self, event: Event) -> None:
        """Tell of an event.

        Raises:
            TypeError: the client's block has not begun, or has ended.
        """
        if not self._in_context:
            raise TypeError(
                "Events may only be emitted while this client is being used as a context manager"
            )
        await self._emit(event)

    @abc.abstractmethod
    async def _emit(self, event: Event) -> None:
        """Tell of an event, within the block."""

    async def __aenter__(self) -> Self:
        self._in_context = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._in_context = False


class NullEventsClient(EventsClient):
    """Tells nobody."""

    async def _emit(self, event: Event) -> None:
        return None


class AssertingEventsClient(EventsClient):
    """Keeps what it is told in `events`, for tests.

    Attributes:
        last: the client of this class that was made last.
        all: those that were made since `reset`.
    """

    last: ClassVar[AssertingEventsClient | None] = None
    all: ClassVar[list[AssertingEventsClient]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        AssertingEventsClient.last = self
        AssertingEventsClient.all.append(self)
        self.args, self.kwargs = args, kwargs
        self.events: list[Event] = []

    @classmethod
    def reset(cls) -> None:
        """Forget all clients that were made."""
        AssertingEventsClient.last = None
        AssertingEventsClient.all = []

    def pop_events(self) -> list[Event]:
        """What it was told since the last time."""
        events, self.events = self.events, []
        return events

    async def _emit(self, event: Event) -> None:
        self.events.append(event)

    async def __aenter__(self) -> Self:
        self.events = []
        return await super().__aenter__()


class HeadraceEventsClient(EventsClient):
    """Records events, as `emit_event` does; when its block ends they are in the ledger."""

    async def _emit(self, event: Event) -> None:
        record_event(event)

    async def __aexit__(self, *_: object) -> None:
        try:
            await asyncio.to_thread(settle)
        finally:
            await super().__aexit__()


class HeadraceEventSubscriber:
    """The events that are told of from the beginning of its block on; may be iterated.

    Args:
        filter: which of them.
    """

    def __init__(self, filter: EventFilter | None = None) -> None:
        self._filter = filter or EventFilter()
        self._client = AsyncClient()
        self._waiting: list[Event] = []
        self._messages: AsyncGenerator[dict[str, Any], None] | None = None

    @property
    def client_name(self) -> str:
        """The name of its class."""
        return type(self).__name__

    async def __aenter__(self) -> Self:
        info = await self._client.server_info()
        named = self._filter.event
        names = named.name if named is not None and named.name else None
        given = {"after": info["feedCursor"], "names": names}
        self._messages = self._client.subscribe(_FOLLOW, given)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._messages is not None:
            await self._messages.aclose()
        await self._client.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._messages is None:
            raise RuntimeError("events can be waited for within 'async with' alone")
        while not self._waiting:
            message = await anext(self._messages)
            told = [_event(one["event"]) for one in message["events"]["events"] if one["event"]]
            self._waiting = [event for event in told if self._wants(event)]
        return self._waiting.pop(0)

    def _wants(self, event: Event) -> bool:
        """Whether an event fits; `occurred` is about the past alone."""
        past = self._filter.occurred
        parts = [part for part in self._filter.get_filters() if part is not past]
        return all(part.includes(event) for part in parts)


def _event(found: dict[str, Any]) -> Event:
    return Event(
        id=found["id"],
        event=found["name"],
        occurred=found["occurred"],
        resource=found["resource"],
        related=found["related"],
        payload=found["payload"],
    )


def get_events_client() -> EventsClient:
    """A client that records events."""
    return HeadraceEventsClient()


def get_events_subscriber(filter: EventFilter | None = None) -> HeadraceEventSubscriber:
    """What tells of events as they happen: your own, of `emit_event`.

    Args:
        filter: which of them.
    """
    return HeadraceEventSubscriber(filter)
