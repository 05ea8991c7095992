"""The service's own log lines: for people, or a JSON object a line for machines.

A line that is written while a request is answered carries the request's id, which the answer has in
its header `X-Request-ID`.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The id of the request that is being answered.
request_id: ContextVar[str | None] = ContextVar("headrace_request_id", default=None)

#: Characters of an id that a client gives, at most; what is longer is replaced by one of ours.
_LONGEST = 64


class TextFormatter(logging.Formatter):
    """A line for people; the request's id stands at its end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s | %(levelname)-7s | %(name)s - %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without what was raised."""
        line = super().formatMessage(record)
        found = request_id.get()
        return line if found is None else f"{line} (request {found})"


class JsonFormatter(logging.Formatter):
    """A JSON object: `time`, `level`, `logger` and `message`.

    Where there are such, it has a `request_id`, an `error_id` and an `exception`, too.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The object, in one line."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (found := request_id.get()) is not None:
            fields["request_id"] = found
        if (error_id := getattr(record, "error_id", None)) is not None:
            fields["error_id"] = error_id
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def set_up_logging(level: str, form: str) -> None:
    """Send this process's log lines to standard error.

    Args:
        level: the least level of the service's own; of others at least warnings.
        form: "text" or "json".
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelName(level), logging.WARNING))
    logging.getLogger("headrace_service").setLevel(level)


class RequestIds:
    """Gives each request an id: the caller's own `X-Request-ID`, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._prefix = f"{os.getpid():x}{os.urandom(3).hex()}"
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its id with the answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = _given(scope) or f"{self._prefix}-{next(self._numbers)}"
        header = (b"x-request-id", given.encode())
        request_id.set(given)

        async def send_with_id(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await self._app(scope, receive, send_with_id)


def _given(scope: Scope) -> str | None:
    """The id that the caller gave, if it can be repeated as it is."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            sound = text.isascii() and text.isprintable() and " " not in text
            return text if sound and 0 < len(text) <= _LONGEST else None
    return None
