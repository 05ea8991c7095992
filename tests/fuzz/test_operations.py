"""Whatever is asked is answered in words: never a 500, never an error of ours.

A fixed set of operations is tried here; HEADRACE_FUZZ=20000 tries so many others.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from headrace_service.api.schema import schema
from headrace_service.app import create_app
from headrace_service.ledger import Ledger
from headrace_service.server import start_in_thread
from headrace_service.settings import ServiceSettings
from tests.builders import Stream, enters, flow_run, log_line, state, task_run
from tests.fuzz.operations import Operations

EXAMPLES = int(os.environ.get("HEADRACE_FUZZ", "150"))
FUZZ = settings(
    max_examples=EXAMPLES,
    derandomize="HEADRACE_FUZZ" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
#: With what a websocket is closed whose message is too long, or no JSON: half a character is none.
HANGS_UP = (1009, 4400)
LISTS = """{ flowRuns { edges { cursor } feedCursor } taskRuns { edges { cursor } }
  logs { edges { cursor } } flows { edges { cursor } } serverInfo { feedCursor logCursor } }"""
MADE = """mutation { createWorkPool(name: "pool") { __typename }
  createConcurrencyLimit(name: "limit", limit: 1) { __typename }
  setVariable(name: "variable", value: 1) { __typename }
  createArtifact(artifact: { key: "artifact", data: 1 }) { ... on Artifact { id } }
  applyDeployment(input: { name: "d", flowName: "f", workPoolName: "pool" }) {
    ... on Deployment { id } ... on UserError { message } } }"""


class Service:
    """The application, asked within this process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._runner = asyncio.Runner()
        self.ledger = Ledger.open(path)
        # A token that is made on the way must not keep the others out.
        app = create_app(self.ledger, ServiceSettings(auth="off"))
        transport = httpx.ASGITransport(app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self.known = self._begin()

    def post(self, content: bytes, **headers: str) -> httpx.Response:
        """The answer to a request's body."""
        given = {"content-type": "application/json", **headers}
        return self._runner.run(self._client.post("/graphql", content=content, headers=given))

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to an operation."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer: dict[str, Any] = self.post(body).json()
        return answer

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.ledger.close()

    def _begin(self) -> list[str]:
        """Record something; the texts by which it is known."""
        run, other = flow_run(), flow_run()
        task = task_run(run)
        end = enters(run, state("COMPLETED"))
        batch = Stream().batch(run, other, task, log_line(run), end)
        assert self.ledger.append(batch).result().refused == []
        made = self.ask(MADE)
        texts = [str(run.id), str(other.id), str(task.id), run.name, run.flow_name]
        return [*texts, *_texts(made), *_texts(self.ask(LISTS)), "pool", "limit", "variable", "f/d"]


def _texts(value: Any) -> list[str]:
    """All texts in an answer."""
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inside for text in _texts(one)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    opened = Service(tmp_path_factory.mktemp("fuzz") / "ledger.db")
    yield opened
    opened.close()


def check(answer: httpx.Response, asked: object) -> None:
    """An answer is in words: data, or what the caller can mend."""
    assert answer.status_code in (200, 400, 413), (answer.status_code, answer.text, asked)
    if answer.status_code == 200:
        check_errors(answer.json().get("errors", []), asked)


def check_errors(errors: list[dict[str, Any]], asked: object) -> None:
    """None of them is ours, nor endless."""
    for error in errors:
        code = error.get("extensions", {}).get("code")
        assert code not in ("InternalError", "LedgerUnusable", "TookTooLong"), (error, asked)
        assert len(error["message"]) < 1000, (error, asked)


class Follower:
    """Subscribes over a websocket; over another one when it was closed on us."""

    def __init__(self, url: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/graphql"
        self._runner = asyncio.Runner()
        self._socket: ClientConnection | None = None
        self._numbers = itertools.count()

    def first(self, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The first message of a subscription; None when the service hangs up on it."""
        return self._runner.run(self._first(query, variables))

    def close(self) -> None:
        if self._socket is not None:
            self._runner.run(self._socket.close())
        self._runner.close()

    async def _first(self, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        if self._socket is None:
            protocols = [Subprotocol("graphql-transport-ws")]
            self._socket = await connect(self._url, subprotocols=protocols)
            await self._socket.send('{"type": "connection_init"}')
        number = str(next(self._numbers))
        asked = {"id": number, "type": "subscribe", "payload": {}}
        asked["payload"] = {"query": query, "variables": variables}
        try:
            await self._socket.send(json.dumps(asked))
            async with asyncio.timeout(60):
                message: dict[str, Any] = {}
                while message.get("id") != number:
                    message = json.loads(await self._socket.recv())
            await self._socket.send(json.dumps({"id": number, "type": "complete"}))
        except ConnectionClosed as closed:
            self._socket = None
            code = None if closed.rcvd is None else closed.rcvd.code
            if code not in HANGS_UP:
                raise
            return None
        return message


@pytest.fixture(scope="module")
def follower(service: Service) -> Iterator[Follower]:
    with start_in_thread(service.path, ServiceSettings(auth="off")) as running:
        follower = Follower(running.url)
        yield follower
        follower.close()


@settings(FUZZ, max_examples=EXAMPLES // 3)
@given(random=st.randoms(use_true_random=False))
def test_any_subscription_is_answered_in_words(
    service: Service, follower: Follower, random: Random
) -> None:
    query, variables = Operations(schema._schema, service.known, random).subscription()
    message = follower.first(query, variables)
    if message is None:
        text = json.dumps(variables)
        assert len(text) > 500_000 or r"\ud800" in text
    elif message["type"] == "error":
        check_errors(message["payload"], (query, variables))
    elif message["type"] == "next":
        check_errors(message["payload"].get("errors", []), (query, variables))


@FUZZ
@given(random=st.randoms(use_true_random=False))
def test_any_operation_is_answered_in_words(service: Service, random: Random) -> None:
    query, variables = Operations(schema._schema, service.known, random).operation()
    body = json.dumps({"query": query, "variables": variables}).encode()
    check(service.post(body), (query, variables))
