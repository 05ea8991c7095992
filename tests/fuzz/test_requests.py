"""Requests that are no operations: refused in words, at once, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from headrace_service.api.view import MOST_OPERATIONS
from headrace_service.server import MAX_MESSAGE, RunningService, start_in_thread
from tests.fuzz.test_operations import FUZZ, Service, check, service
from tests.integration.graphql_kit import open_socket

__all__ = ["service"]

INFO = b'{"query": "{ serverInfo { version } }"}'


def many(text: str, count: int = 10_000) -> str:
    return " ".join(text.replace("N", str(number)) for number in range(count))


QUERIES = {
    "ten thousand aliases": f"{{ {many('aN: serverInfo { version }')} }}",
    "aliases up to the words": f"{{ {many('aN: __typename', 1300)} }}",
    "the same field again and again": f"{{ {many('__typename', 3900)} }}",
    "fields that are to be merged": f"{{ {many('flows(first: 1) { nodes { id } }', 200)} }}",
    "fragments that are to be merged": "{ ...f0 } "
    + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(200))
    + " fragment f200 on Query { __typename }",
    "fragments in a circle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "deep": "{ flowRuns { nodes " + "{ subflowRuns { nodes " * 60 + "{ id }" + " } }" * 60 + " } }",
    "deep in a fragment": "{ flowRuns { nodes { ...F } } } fragment F on FlowRun "
    + "{ subflowRuns { nodes " * 20
    + "{ id }"
    + " } }" * 20,
    "deep lists": "{ flows(filter: " + "[" * 1500 + "]" * 1500 + ") { nodes { id } } }",
    "deep brackets": "{" * 3000,
    "many directives": "{ __typename " + "@include(if: true) " * 700 + "}",
    "many arguments": f"{{ flows({many('aN: 1', 900)}) {{ nodes {{ id }} }} }}",
    "many operations": many("query qN { __typename }", 600),
    "long": "#" + "x" * 5_000_000,
    "long name": "{ " + "x" * 150_000 + " }",
    "a number": "{ flows(first: " + "9" * 10_000 + ") { nodes { id } } }",
    "no query": "",
    "spaces": "   \n",
    "nonsense": "\0\x01 }{ ((",
    "the schema, deep": "{ __schema { types { fields { type " + "{ ofType " * 30 + "{ name }"
    " }" * 30 + " } } } }",
}


@pytest.mark.parametrize("case", QUERIES)
def test_a_query_that_asks_too_much_is_refused(service: Service, case: str) -> None:
    answer = service.post(json.dumps({"query": QUERIES[case]}).encode())
    check(answer, case)
    assert len(answer.content) < 200_000
    check(service.post(INFO), case)


BODIES = {
    "not UTF-8": b'{"query": "\xff\xfe"}',
    "half a character": b'{"query": "\xc3"}',
    "half a surrogate": b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    "deep": b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 50_000,
    "a list": b"[" + INFO + b"]",
    "two": INFO + INFO,
    "null": b"null",
    "a number": b"1e999",
    "null query": b'{"query": null}',
    "variables in a list": b'{"query": "{ __typename }", "variables": [1]}',
    "a name that is none": b'{"query": "{ __typename }", "operationName": 5}',
    "zero bytes": b"\0" * 1000,
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_is_no_request_is_refused(service: Service, case: str) -> None:
    check(service.post(BODIES[case]), case)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_foreign_form_could_send_is_refused(service: Service, kind: str) -> None:
    assert service.post(INFO, **{"content-type": kind}).status_code == 400


@settings(FUZZ, max_examples=FUZZ.max_examples // 3)
@given(body=st.binary(max_size=200), place=st.integers(0, len(INFO)))
def test_any_bytes_are_answered(service: Service, body: bytes, place: int) -> None:
    check(service.post(body), body)
    check(service.post(INFO[:place] + body + INFO[place:]), body)


def test_ten_megabytes_of_parameters_are_taken_or_refused(service: Service) -> None:
    query = (
        "mutation ($p: JSON) { createFlowRun(input: {deployment: "
        '"f/d", parameters: $p}) { __typename ... on UserError { field } } }'
    )
    for size in (10_000_000, 17_000_000):
        body = json.dumps({"query": query, "variables": {"p": {"a": "x" * size}}}).encode()
        check(service.post(body), size)
    check(service.post(INFO), "afterwards")


# --- websockets ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with start_in_thread(tmp_path_factory.mktemp("sockets") / "ledger.db") as started:
        yield started


MESSAGES: tuple[str | bytes, ...] = (
    *("", "{", "[]", "null", "5", '"text"', "{}", '{"type": 5}', '{"type": null}'),
    *('{"type": "next"}', '{"type": "subscribe"}', '{"type": "complete"}', '{"type": "nonsense"}'),
    *('{"type": "connection_init", "payload": 7}', '{"type": "connection_init"}'),
    '{"type": "connection_init", "payload": {"Authorization": {"a": []}}}',
    '{"id": "1", "type": "subscribe", "payload": {"query": 5}}',
    '{"id": "1", "type": "subscribe", "payload": {"query": "subscription { nothing }"}}',
    '{"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}}',
    '{"id": "1", "type": "subscribe", "payload": {"query": "{{{{", "variables": {}}}',
    '{"id": {}, "type": "subscribe", "payload": {"query": "{ __typename }"}}',
    *("[" * 100_000, '{"a":' * 100_000, "\0", b"\x00\xff", b"{}", '{"type": "ping", "payload": 5}'),
)


@pytest.mark.parametrize("seed", range(25))
async def test_a_websocket_that_sends_garbage_hurts_nobody(
    running: RunningService, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    random = Random(seed)
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(address(running), subprotocols=protocols) as socket:
        try:
            if random.random() < 0.7:
                await socket.send('{"type": "connection_init"}')
            for message in random.choices(MESSAGES, k=8):
                await socket.send(message)
            await socket.close()
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{running.url}/graphql", content=INFO, headers={"content-type": "application/json"}
        )
    check(answer, seed)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_websocket_that_never_says_who_it_is_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_service.api.view.INIT_TIMEOUT", 0.05)
    impatient = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(address(impatient), subprotocols=protocols) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    await asyncio.to_thread(impatient.stop)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4408


async def test_a_message_has_a_size(running: RunningService) -> None:
    async with open_socket(running.url) as socket:
        await socket.connection.send('{"a": "' + "x" * MAX_MESSAGE + '"}')
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_connection_has_so_many_operations_at_a_time(running: RunningService) -> None:
    async with open_socket(running.url) as socket:
        for number in range(MOST_OPERATIONS + 1):
            await socket.subscribe("subscription { logs { cursor } }", key=str(number))
        while (answer := await socket.receive())["type"] != "error":
            pass
    assert answer["id"] == str(MOST_OPERATIONS)


def address(running: RunningService) -> str:
    return running.url.replace("http", "ws", 1) + "/graphql"
