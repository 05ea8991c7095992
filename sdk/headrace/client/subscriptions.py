"""Subscriptions over a websocket that come back by themselves (protocol graphql-transport-ws)."""

from __future__ import annotations

import enum
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.client.answers import data_of, error_of
from headrace.endpoints import Addresses, authorization, is_loopback
from headrace.exceptions import ServiceError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

#: Seconds from a break to the next try: the first, doubled up to the second.
BACKOFF = (0.5, 15.0)
#: Seconds until a connection stands; between two pings; until a ping counts as unanswered.
OPEN_TIMEOUT, PING_INTERVAL, PING_TIMEOUT = 5.0, 20.0, 20.0
#: Bytes in one message at most.
MAX_MESSAGE = 64 * 1024 * 1024


#: With what a service closes that does not know who asks, and what is said then.
FORBIDDEN = 4403
DENIED = "the service wants a token that counts; set HEADRACE_API_TOKEN"


class ConnectionState(enum.Enum):
    """How a subscription stands."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


class ConnectionStatus(msgspec.Struct, frozen=True):
    """A change in how a subscription stands.

    While reconnecting, `attempt` counts the tries since the last message, `retry_in` is in seconds,
    and `error` says what went wrong.
    """

    state: ConnectionState
    attempt: int = 0
    retry_in: float = 0.0
    error: str | None = None


OnStatus = Callable[[ConnectionStatus], None]


class Progress:
    """How far a subscription has come.

    Args:
        variables: the variables of its beginning.
    """

    def __init__(self, variables: Mapping[str, object]) -> None:
        self.variables = dict(variables)  #: those with which it goes on where it is

    def note(self, data: Mapping[str, Any]) -> bool:
        """Remember a message's cursor; whether there is anything else in the message."""
        lists = []
        for field in data.values():
            if isinstance(field, dict):
                if isinstance(field.get("cursor"), str):
                    self.variables["after"] = field["cursor"]
                lists += [value for value in field.values() if isinstance(value, list)]
        return not lists or any(lists)


class Subscription:
    """One subscription, for as long as somebody iterates over it.

    Args:
        addresses: the service's; it is followed at the next when a connection breaks.
        token: what the service is to know us by, if by anything.
        query: the subscription's document. To be resumed after a break, its field takes the
            variable `$after`, and asks for `cursor`.
        variables: the variables of the beginning; `after` is kept up to date from then on.
        on_status: called when the service begins to send, and when the connection has broken.
    """

    def __init__(
        self,
        addresses: Addresses,
        token: str | None,
        query: str,
        variables: Mapping[str, object],
        on_status: OnStatus,
    ) -> None:
        self._addresses = addresses
        self._token = token
        self._query = query
        self._progress = Progress(variables)
        self._on_status = on_status
        self._attempt = 0

    async def messages(self) -> AsyncGenerator[dict[str, Any], None]:
        """The data of the messages, for ever: no gap and no duplicate across a break.

        Messages with empty lists are left out. The first message of a connection, which comes at
        once and may be such a one, tells where the feed begins: from then on nothing is missed.

        Raises:
            ServiceError: the service refuses the subscription; trying again would not help.
        """
        import asyncio

        from websockets.exceptions import ConnectionClosed, WebSocketException

        while True:
            url = self._addresses.current
            try:
                async with _connection(url) as socket:
                    await self._begin(socket)
                    async with aclosing(self._receive(socket)) as received:
                        async for data in received:
                            yield data
                reason = "the service ended the subscription"
            except LookupError:
                reason = "what answers does not speak graphql-transport-ws"
            except (OSError, TimeoutError, WebSocketException) as error:
                if isinstance(error, ConnectionClosed) and _refuses_us(error):
                    raise ServiceError(DENIED, "UNAUTHENTICATED") from None
                reason = str(error) or type(error).__name__
            self._addresses.move_on(url)
            await asyncio.sleep(self._next_try(reason))

    async def _begin(self, socket: ClientConnection) -> None:
        import asyncio

        await _send(socket, {"type": "connection_init", "payload": authorization(self._token)})
        async with asyncio.timeout(OPEN_TIMEOUT):
            message = await _next(socket)
            while message["type"] != "connection_ack":
                message = await _next(socket)
        payload = {"query": self._query, "variables": self._progress.variables}
        await _send(socket, {"id": "1", "type": "subscribe", "payload": payload})

    async def _receive(self, socket: ClientConnection) -> AsyncGenerator[dict[str, Any], None]:
        connected = False
        while True:
            message = await _next(socket)
            match message["type"]:
                case "next":
                    data = data_of(message["payload"])
                    news = self._progress.note(data)
                    self._attempt = 0
                    if not connected:
                        connected = True
                        self._on_status(ConnectionStatus(ConnectionState.CONNECTED))
                    if news:
                        yield data
                case "error":
                    raise _first_error(message.get("payload"))
                case "complete":
                    return

    def _next_try(self, reason: str) -> float:
        first, most = BACKOFF
        delay = min(most, first * 2.0 ** min(self._attempt, 16)) * random.uniform(0.8, 1.2)
        self._attempt += 1
        self._on_status(
            ConnectionStatus(ConnectionState.RECONNECTING, self._attempt, delay, reason)
        )
        return delay


def _connection(url: str) -> Any:
    from websockets.asyncio.client import connect

    return connect(
        f"ws{url.removeprefix('http')}/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]  # a NewType of str
        proxy=None if is_loopback(url) else True,
        compression=None,
        open_timeout=OPEN_TIMEOUT,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        close_timeout=1.0,
        max_size=MAX_MESSAGE,
    )


def _refuses_us(error: ConnectionClosed) -> bool:
    return error.rcvd is not None and error.rcvd.code == FORBIDDEN


def _first_error(errors: object) -> ServiceError:
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return error_of(errors[0])
    return ServiceError(f"the service refuses the subscription: {errors}")


async def _send(socket: ClientConnection, message: Mapping[str, object]) -> None:
    await socket.send(msgspec.json.encode(message).decode())


async def _next(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is not about the connection itself."""
    while True:
        try:
            message = msgspec.json.decode(await socket.recv(), type=dict[str, Any])
        except msgspec.DecodeError:
            raise LookupError("no message of the protocol") from None
        kind = message["type"]
        if kind == "ping":
            await _send(socket, {"type": "pong"})
        elif kind != "pong":
            return message
