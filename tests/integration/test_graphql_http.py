"""The service over HTTP: a real uvicorn on loopback, asked by a real client."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from headrace.records import MAX_TEXT, RecordBatch
from headrace_service.api import view
from headrace_service.app import MAX_BODY
from headrace_service.server import RunningService, start_in_thread
from tests.builders import Stream, enters, flow_run, log_line, state, task_run
from tests.integration.graphql_kit import post

RECORD = """mutation ($batch: RecordBatch!) { record(batch: $batch) {
  __typename
  ... on RecordAck { number accepted duplicate refused { index code message field } }
  ... on UserError { code message field }
  ... on OutOfOrder { expected }
} }"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with start_in_thread(tmp_path / "ledger.db") as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url) as opened:
        yield opened


def record(client: httpx.Client, batch: RecordBatch | dict[str, Any]) -> dict[str, Any]:
    plain = msgspec.to_builtins(batch)
    answer = post(client, RECORD, batch=plain)
    assert "errors" not in answer, answer
    result = answer["data"]["record"]
    assert isinstance(result, dict)
    return result


def test_health(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()) == {"status", "version"}


def test_a_batch_is_committed_when_it_is_acknowledged(client: httpx.Client) -> None:
    run = flow_run(name="calm-heron")
    answer = record(client, Stream().batch(run, task_run(run), log_line(run)))
    assert answer == {
        "__typename": "RecordAck",
        "number": 1,
        "accepted": 3,
        "duplicate": False,
        "refused": [],
    }
    data = post(client, "{ flowRuns { nodes { name taskRunCounts { count } } } }")["data"]
    assert data["flowRuns"]["nodes"] == [{"name": "calm-heron", "taskRunCounts": [{"count": 1}]}]


def test_a_batch_that_comes_again_changes_nothing(client: httpx.Client) -> None:
    stream = Stream()
    batch = stream.batch(flow_run())
    assert record(client, batch)["duplicate"] is False
    assert record(client, batch)["duplicate"] is True
    assert len(post(client, "{ flowRuns { nodes { id } } }")["data"]["flowRuns"]["nodes"]) == 1


def test_a_hole_in_the_stream_is_named(client: httpx.Client) -> None:
    stream = Stream()
    record(client, stream.batch(flow_run()))
    stream.batch(flow_run())
    answer = record(client, stream.batch(flow_run()))
    assert (answer["__typename"], answer["expected"]) == ("OutOfOrder", 2)


def test_records_are_refused_one_by_one_and_the_stream_goes_on(client: httpx.Client) -> None:
    stream = Stream()
    run = flow_run()
    batch = msgspec.to_builtins(stream.batch(run, run, log_line(run), log_line(run)))
    batch["records"][2]["message"] = 7
    batch["records"].append({"kind": "weather"})
    batch["records"].append("nonsense")
    answer = record(client, batch)
    assert (answer["__typename"], answer["accepted"]) == ("RecordAck", 2)
    refused = [(one["index"], one["code"], one["field"]) for one in answer["refused"]]
    assert refused == [
        (1, "Conflict", "id"),
        (2, "InvalidInput", "message"),
        (4, "InvalidInput", "kind"),
        (5, "InvalidInput", None),
    ]
    assert record(client, stream.batch(enters(run, state("COMPLETED"))))["accepted"] == 1


@pytest.mark.parametrize(
    "batch",
    [{}, [], "text", 7, {"client_id": "x", "number": 1, "records": []}, {"number": 1}],
    ids=repr,
)
def test_a_batch_that_makes_no_sense_is_an_invalid_input(
    client: httpx.Client, batch: object
) -> None:
    answer = post(client, RECORD, batch=batch)["data"]["record"]
    assert answer["__typename"] == "InvalidInput"
    assert answer["message"]


def test_a_batch_may_be_written_into_the_query(client: httpx.Client) -> None:
    run = flow_run()
    query = f"""mutation {{ record(batch: {{client_id: "{run.id}", number: 1, records: [
      {{kind: "log", timestamp: 5, level: 20, logger: "x", message: "by hand"}}]}})
      {{ ... on RecordAck {{ accepted }} }} }}"""
    assert post(client, query) == {"data": {"record": {"accepted": 1}}}
    logs = post(client, "{ logs { nodes { message timestamp } } }")["data"]["logs"]["nodes"]
    assert logs == [{"message": "by hand", "timestamp": "1970-01-01T00:00:00.000005Z"}]


def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_news(
    client: httpx.Client, service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(service.url)
    assert address.port is not None
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    for _ in range(3):
        with socket.create_connection((address.hostname, address.port)) as leaving:
            leaving.sendall(head.encode())
        assert client.get("/health").status_code == 200
    service.stop()  # by then it has dealt with all of them
    assert caplog.records == []


def test_a_body_that_does_not_come_is_not_waited_for_for_ever(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "BODY_TIMEOUT", 0.1)
    address = urlsplit(service.url)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with socket.create_connection((address.hostname, address.port), timeout=60) as silent:
        silent.sendall(head.encode())
        with silent.makefile("rb") as answer:
            told = answer.read()  # the service closes the connection
    assert told.startswith(b"HTTP/1.1 408 ")
    assert b"has not come within 0.1 seconds" in told


def test_a_large_batch_is_taken(client: httpx.Client) -> None:
    run = flow_run()
    text = "é" * MAX_TEXT
    lines = [log_line(run, text) for _ in range(40)]
    assert record(client, Stream().batch(run, *lines))["accepted"] == 41


def test_a_body_without_end_is_refused(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        piece = b" " * (1024 * 1024)
        for _ in range(MAX_BODY // len(piece) + 2):
            yield piece

    headers = {"Content-Type": "application/json"}
    answer = client.post("/graphql", content=pieces(), headers=headers)
    assert answer.status_code == 413


BAD_BODIES = {
    "no JSON": (b"{", "application/json", 400),
    "an array": (b"[]", "application/json", 400),
    "not UTF-8": (b'{"query": "\xff"}', "application/json", 400),
    "a number as query": (b'{"query": 7}', "application/json", 400),
    "a form": (b"query={serverInfo{now}}", "application/x-www-form-urlencoded", 400),
    "plain text": (b'{"query": "{serverInfo{now}}"}', "text/plain", 400),
    "nothing": (b"{}", "application/json", 400),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_what_is_no_graphql_request_is_refused(client: httpx.Client, case: str) -> None:
    body, kind, status = BAD_BODIES[case]
    answer = client.post("/graphql", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert ("send JSON" in answer.text) is (kind != "application/json")
    assert client.get("/health").status_code == 200


def test_a_subscription_without_a_stream_is_told_what_it_needs(client: httpx.Client) -> None:
    answer = client.post("/graphql", json={"query": "subscription { flowRuns { cursor } }"})
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "InvalidInput", "field": "query"}
    assert "text/event-stream" in error["message"]


def test_get_shows_a_page_and_runs_nothing(client: httpx.Client) -> None:
    page = client.get("/graphql", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "GraphiQL" in page.text
    script = client.get("/graphiql/graphiql.min.js")
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert page.headers["x-frame-options"] == "DENY"
    query = client.get("/graphql", params={"query": "{ serverInfo { now } }"})
    assert query.status_code == 400
    assert client.get("/").headers["location"] == "/graphql"


def test_a_foreign_name_for_this_machine_is_refused(
    client: httpx.Client, service: RunningService
) -> None:
    port = service.url.rpartition(":")[2]
    for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", "[::1]:80"):
        assert client.get("/health", headers={"Host": host}).status_code == 200
    for host in ("evil.example", f"evil.example:{port}", "127.evil.example", "", "localhost.evil"):
        answer = client.get("/health", headers={"Host": host})
        assert answer.status_code == 421
        assert answer.text.count("\n") == 1
