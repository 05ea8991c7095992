"""HTTP as the service speaks it."""

from __future__ import annotations

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Bytes of a request's head at most.
MAX_HEAD = 64 * 1024


class OnePacket(h11.Connection):
    """Has the head of an answer wait for the first part of its body: to send them one by one takes
    as long as to make a short answer."""

    _head = b""

    def send(self, event: h11.Event) -> Any:
        """The bytes that are to be sent now."""
        output = super().send(event)
        if output is None:
            return None
        if isinstance(event, h11.Response):
            self._head = output
            return b""
        head, self._head = self._head, b""
        return head + output


class Protocol(H11Protocol):
    """uvicorn's, with answers in one packet if they fit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = OnePacket(h11.SERVER, MAX_HEAD)
