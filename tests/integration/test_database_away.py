"""A service whose database is away: whoever asks hears of that, and all goes on once it is back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result

from headrace.cli import root
from headrace.client import Client
from headrace.exceptions import ServiceError, ServiceUnreachable
from headrace.recorder import TransportAway, get_recorder, shutdown
from headrace.recorder.http import HttpTransport
from headrace.records import LogLine, now_micros
from headrace.settings import get_settings
from headrace_service.server import RunningService, start_in_thread
from tests.builders import Stream
from tests.postgres import Server
from tests.recorder_kit import until

QUERY = {"query": "{ flows { nodes { id } } }"}


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.create()


@pytest.fixture
def service(database: str) -> Iterator[RunningService]:
    with start_in_thread(database) as running:
        yield running


@pytest.fixture
def away(
    service: RunningService, postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The database takes nobody, until the test's end; and scripts do not wait for it."""
    monkeypatch.setenv("HEADRACE_API_URL", service.url)
    monkeypatch.setenv("HEADRACE_CONNECT_TIMEOUT", "0")
    get_settings.cache_clear()
    postgres.lock_out(database)
    until(lambda: ask(service).status_code == 503, "the service has noticed")
    yield
    postgres.let_in(database)
    until(lambda: ask(service).status_code == 200, "it works again")
    get_settings.cache_clear()


def ask(service: RunningService) -> httpx.Response:
    return httpx.post(f"{service.url}/graphql", json=QUERY, timeout=60)


def headrace(*arguments: str) -> Result:
    return CliRunner().invoke(root, arguments)


@pytest.mark.usefixtures("away")
def test_a_request_is_answered_by_a_typed_error_and_a_line_in_the_log(
    service: RunningService, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = database.split("?")[0].rsplit("/", 1)[1]
    for body in (QUERY, {"query": 'mutation { deleteVariable(name: "a") { __typename } }'}):
        caplog.clear()
        answer = httpx.post(f"{service.url}/graphql", json=body, timeout=60)
        assert answer.status_code == 503
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "LedgerUnusable"
        assert error["extensions"]["id"] == answer.headers["x-request-id"]
        assert name in error["message"]
        told = [line for line in caplog.records if line.levelno >= logging.ERROR]
        assert [line.getMessage() for line in told] == [error["message"]]
        assert told[0].exc_info is None


@pytest.mark.usefixtures("away")
def test_clients_commands_and_scripts_say_so(service: RunningService, tmp_path: Path) -> None:
    said = f"the database of the service at {service.url} is away: cannot use the ledger"
    with Client() as client, pytest.raises(ServiceError, match=said):
        client.server_info()
    listed = headrace("flow-run", "ls")
    assert listed.exit_code == 1
    assert said in listed.stderr
    status = headrace("server", "status")
    assert status.exit_code == 1
    assert "not ready" in status.stdout
    assert "cannot use the ledger" in status.stdout
    shutdown()
    with pytest.raises(ServiceUnreachable) as begun:
        get_recorder()
    assert "takes no records now (the service's database is away: cannot use" in str(begun.value)
    assert "server start" not in str(begun.value)
    transport = HttpTransport(service.url)
    with pytest.raises(TransportAway, match="the service's database is away"):
        transport.send(msgspec.json.encode(Stream().batch(LogLine(now_micros(), 20, "a", "b"))))
    with pytest.raises(TransportAway, match="the service's database is away"):
        transport.connect()
    transport.close()
