"""Subscriptions as server-sent events, as `EventSource` in a browser and `curl -N` read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from headrace_service.api import sse
from headrace_service.server import RunningService, start_in_thread
from tests.builders import Stream, flow_run, log_line
from tests.integration.graphql_kit import post, take

LOGS = "subscription ($after: Cursor) { logs(after: $after) { cursor lines { message } } }"
ACCEPT = {"Accept": "text/event-stream"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with start_in_thread(tmp_path / "ledger.db") as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=60) as opened:
        yield opened


def log_cursor(client: httpx.Client) -> str:
    """Where the feed of log lines stands."""
    return str(post(client, "{ serverInfo { logCursor } }")["data"]["serverInfo"]["logCursor"])


def next_event(lines: Iterator[str]) -> dict[str, str]:
    """The next event's fields; a comment has the name ""."""
    fields: dict[str, str] = {}
    for line in lines:
        if line == "" and fields:
            return fields
        name, _, value = line.partition(":")
        fields[name] = value.strip()
    raise AssertionError("the stream has ended")


def messages_of(event: dict[str, str]) -> list[str]:
    """The log lines that an event tells of."""
    data: dict[str, Any] = json.loads(event["data"])
    return [line["message"] for line in data["data"]["logs"]["lines"]]


def test_each_event_bears_its_cursor(client: httpx.Client, service: RunningService) -> None:
    run, stream = flow_run(), Stream()
    take(service.ledger, run, stream=stream)
    request = {"query": LOGS, "variables": {"after": log_cursor(client)}}
    take(service.ledger, log_line(run, "first"), stream=stream)
    with client.stream("POST", "/graphql", json=request, headers=ACCEPT) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next_event(lines) == {"retry": "1000"}
        event = next_event(lines)
    assert event["event"] == "next"
    assert messages_of(event) == ["first"]
    assert event["id"] == json.loads(event["data"])["data"]["logs"]["cursor"] == log_cursor(client)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_reader_comes_again_with_its_last_event(
    client: httpx.Client, service: RunningService, method: str
) -> None:
    """The header counts, not the variables, which say where it began. `EventSource` uses GET."""
    run, stream = flow_run(), Stream()
    take(service.ledger, run, stream=stream)
    variables = {"after": log_cursor(client)}
    request: dict[str, Any] = (
        {"params": {"query": LOGS, "variables": json.dumps(variables)}}
        if method == "GET"
        else {"json": {"query": LOGS, "variables": variables}}
    )
    seen: list[str] = []
    headers = dict(ACCEPT)
    for number in range(3):
        take(service.ledger, log_line(run, str(number)), stream=stream)
        with client.stream(method, "/graphql", headers=headers, **request) as answer:
            lines = answer.iter_lines()
            next_event(lines)
            event = next_event(lines)
            while not messages_of(event):  # the first one comes at once, before the feed has read
                event = next_event(lines)
        seen += messages_of(event)
        headers["Last-Event-ID"] = event["id"]
    assert seen == ["0", "1", "2"]


def test_a_last_event_that_is_none_is_refused(client: httpx.Client) -> None:
    headers = {**ACCEPT, "Last-Event-ID": "rubbish"}
    with client.stream("POST", "/graphql", json={"query": LOGS}, headers=headers) as answer:
        lines = answer.iter_lines()
        next_event(lines)
        (error,) = json.loads(next_event(lines)["data"])["errors"]
        assert next_event(lines)["event"] == "complete"
    assert error["extensions"] == {"code": "InvalidCursor", "field": "after"}


def test_silence_is_filled_with_comments(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE", 0.05)
    with client.stream("POST", "/graphql", json={"query": LOGS}, headers=ACCEPT) as answer:
        lines = answer.iter_lines()
        events = [next_event(lines) for _ in range(4)]
    assert [list(event) for event in events] == [["retry"], ["id", "event", "data"], [""], [""]]


def test_a_reader_that_leaves_is_forgotten(client: httpx.Client, service: RunningService) -> None:
    with client.stream("POST", "/graphql", json={"query": LOGS}, headers=ACCEPT) as answer:
        lines = answer.iter_lines()
        next_event(lines)
        next_event(lines)
        assert service.ledger.feed.subscribers == 1
    while service.ledger.feed.subscribers:
        post(client, "{ serverInfo { version } }")
