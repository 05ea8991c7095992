"""What the tests of the GraphQL service share: a service, records for it, and ways to ask it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from headrace.records import Record
from headrace_service.api.inprocess import execute
from headrace_service.ledger import Ledger
from tests.builders import Stream


def take(ledger: Ledger, *records: Record, stream: Stream | None = None) -> None:
    """Record, and insist that nothing is refused."""
    ack = ledger.append((stream or Stream()).batch(*records)).result()
    assert ack.refused == []


async def ask(ledger: Ledger, query: str, **variables: Any) -> dict[str, Any]:
    """The data of a query's answer, which has no errors."""
    answer = await execute(ledger, query, variables)
    assert "errors" not in answer, answer["errors"]
    return cast("dict[str, Any]", answer["data"])


async def refusal(ledger: Ledger, query: str, **variables: Any) -> tuple[str, str | None, str]:
    """The code, field and message of the one error that a query is answered with."""
    answer = await execute(ledger, query, variables)
    (error,) = answer["errors"]
    extensions = error.get("extensions", {})
    return extensions.get("code", ""), extensions.get("field"), error["message"]


def post(client: httpx.Client, query: str, **variables: Any) -> dict[str, Any]:
    """A query's answer over HTTP."""
    answer = client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    return cast("dict[str, Any]", answer.json())


class Socket:
    """A websocket that speaks graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(await self.connection.recv()))

    async def subscribe(self, query: str, *, key: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send(id=key, type="subscribe", payload=payload)

    async def next(self) -> dict[str, Any]:
        """The data of the next message, which has no errors."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return cast("dict[str, Any]", message["payload"]["data"])


@asynccontextmanager
async def open_socket(url: str, **options: Any) -> AsyncIterator[Socket]:
    """A websocket to a service, ready to subscribe."""
    address = url.replace("http", "ws", 1) + "/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(address, subprotocols=protocols, **options) as connection:
        socket = Socket(connection)
        await socket.send(type="connection_init")
        assert (await socket.receive())["type"] == "connection_ack"
        yield socket
