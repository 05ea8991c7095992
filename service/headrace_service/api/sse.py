"""Subscriptions as server-sent events: what a browser's `EventSource` reads, and `curl -N`.

Each message bears its cursor as the event's id. A reader that lost its connection comes again with
the last of them in the header `Last-Event-ID`, and goes on after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import SSETransport

#: The header by which a reader tells which event it had last.
LAST_EVENT_ID = "last-event-id"
#: Milliseconds until a reader that lost its connection comes again.
RETRY = 1000
#: What a stream begins with.
OPENING = f"retry: {RETRY}\r\n\r\n"


#: Seconds between two comments, which keep proxies from taking silence for an end.
KEEP_ALIVE = 15.0


class EventStream(SSETransport):
    """Strawberry's events, with ids."""

    def __init__(self) -> None:
        super().__init__(KEEP_ALIVE)

    def encode_next(
        self, response: GraphQLHTTPResponse, encode_json: Callable[[object], str]
    ) -> str:
        """A message as an event."""
        event = super().encode_next(response, encode_json)
        cursor = _cursor_in(cast("Mapping[str, Any]", response))
        return event if cursor is None else f"id: {cursor}\r\n{event}"


def _cursor_in(response: Mapping[str, Any]) -> str | None:
    """The cursor of a message that asked for it under its own name."""
    for field in (response.get("data") or {}).values():
        if isinstance(field, dict) and isinstance(field.get("cursor"), str):
            cursor: str = field["cursor"]
            return cursor
    return None
