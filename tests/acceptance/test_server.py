"""`headrace server start` as people and scripts run it: a process, a port, signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.builders import Stream, flow_run, log_line

COMMAND = [sys.executable, "-c", "from headrace.cli import main; main()"]
RECORD = """mutation ($batch: RecordBatch!) {
  record(batch: $batch) { ... on RecordAck { accepted } } }"""


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEADRACE_")}
    return {**kept, "HEADRACE_HOME": str(home), **more}


class Running:
    """A service process that has said where it listens."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.line = line
        found = re.search(r"http://\S+", line)
        assert found is not None, line
        self.url = found[0]

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Send a signal; the exit code and what was written until then."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, output, errors


@contextmanager
def start(home: Path, *arguments: str, **more: str) -> Iterator[Running]:
    """A service on a free port; killed at the end unless it has ended by then."""
    process = subprocess.Popen(
        [*COMMAND, "server", "start", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home, **more),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            pytest.fail(process.communicate()[1])
        yield Running(process, line)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def refused(home: Path, *arguments: str, **more: str) -> str:
    """The one line that a service says when it cannot start."""
    ended = subprocess.run(
        [*COMMAND, "server", "start", *arguments],
        capture_output=True,
        text=True,
        env=environment(home, **more),
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


def send(client: httpx.Client, stream: Stream, *records: Any) -> dict[str, Any]:
    variables = {"batch": msgspec.to_builtins(stream.batch(*records))}
    answer = client.post("/graphql", json={"query": RECORD, "variables": variables})
    data: dict[str, Any] = answer.json()["data"]["record"]
    return data


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ((number,),) = db.execute(f"SELECT count(*) FROM {table}")
    assert isinstance(number, int)
    return number


def test_it_says_where_it_listens_and_answers_there(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    with start(home) as service:
        assert service.line == (
            f"headrace service listening at {service.url} "
            f"(GraphiQL at /graphql, new ledger {home / 'ledger.db'})\n"
        )
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/health").json()["status"] == "ok"
        # Nothing is said of requests.
        assert service.end() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_committed(tmp_path: Path, number: int) -> None:
    with start(tmp_path) as service, httpx.Client(base_url=service.url) as client:
        run = flow_run()
        accepted = send(client, Stream(), run, *(log_line(run) for _ in range(500)))
        assert accepted == {"accepted": 501}
        # The connection is kept alive: it must not keep the service alive.
        assert service.end(number) == (0, "", "")
    assert count(tmp_path / "ledger.db", "log") == 500
    assert [path.name for path in tmp_path.glob("ledger.db*")] == ["ledger.db"]


def test_a_signal_in_the_middle_of_writing_loses_nothing_acknowledged(tmp_path: Path) -> None:
    acknowledged = 0
    enough = threading.Event()
    with start(tmp_path) as service:

        def write() -> None:
            nonlocal acknowledged
            stream, run = Stream(), flow_run()
            with httpx.Client(base_url=service.url) as client:
                try:
                    send(client, stream, run)
                    while True:
                        acknowledged += send(client, stream, log_line(run))["accepted"]
                        if acknowledged == 50:
                            enough.set()
                except httpx.TransportError:
                    return

        writer = threading.Thread(target=write)
        writer.start()
        assert enough.wait(30)
        code, _, errors = service.end()
        writer.join()
        assert (code, errors) == (0, "")
    # The last batch may have been committed while its answer was lost.
    assert count(tmp_path / "ledger.db", "log") in (acknowledged, acknowledged + 1)


def test_subscribers_do_not_hold_it_up(tmp_path: Path) -> None:
    query = "subscription { logs { cursor } }"
    protocols = [Subprotocol("graphql-transport-ws")]
    body = {"query": query}
    with (
        start(tmp_path) as service,
        connect(service.url.replace("http", "ws") + "/graphql", subprotocols=protocols) as ws,
        httpx.Client(base_url=service.url) as client,
        client.stream(
            "POST", "/graphql", json=body, headers={"Accept": "text/event-stream"}
        ) as events,
    ):
        ws.send('{"type": "connection_init"}')
        assert "connection_ack" in str(ws.recv())
        ws.send(msgspec.json.encode({"id": "1", "type": "subscribe", "payload": body}).decode())
        assert service.end() == (0, "", "")
        with pytest.raises(ConnectionClosed):
            list(iter(ws.recv, None))  # the feed may have begun
        assert "complete" not in "".join(events.iter_lines())


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(tmp_path, "--port", str(port))
        assert (
            line == f"Error: port {port} on 127.0.0.1 is in use; choose another one with --port\n"
        )
        assert refused(tmp_path, HEADRACE_SERVER_PORT=str(port)) == line
    # A service that cannot listen leaves the ledger alone.
    assert not (tmp_path / "ledger.db").exists()


def test_an_address_of_another_machine_is_one_clear_line(tmp_path: Path) -> None:
    assert "192.0.2.1" in refused(tmp_path, "--host", "192.0.2.1")
    assert "nowhere.invalid" in refused(tmp_path, "--host", "nowhere.invalid")


def test_a_home_that_is_no_folder_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert str(file) in refused(file, "--port", "0")
    assert str(file) in refused(file / "below", "--port", "0")
    assert str(file) in refused(tmp_path, "--port", "0", "--database", str(file / "x" / "l.db"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "HEADRACE_HOME" in refused(tmp_path, "--port", "0")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_is_no_ledger_is_one_clear_line(tmp_path: Path) -> None:
    database = tmp_path / "notes.txt"
    database.write_text("these are my notes, not a ledger\n" * 200)
    assert str(database) in refused(tmp_path, "--port", "0", "--database", str(database))
    assert database.read_text().startswith("these are my notes")


@pytest.mark.parametrize(
    "setting", [{"HEADRACE_SERVER_PORT": "lots"}, {"HEADRACE_SERVER_SYNCHRONOUS": "MAYBE"}]
)
def test_an_unusable_setting_is_one_clear_line(tmp_path: Path, setting: dict[str, str]) -> None:
    (name,) = setting
    assert name in refused(tmp_path, **setting)


def test_it_starts_again_at_once_on_the_port_that_it_has_left(tmp_path: Path) -> None:
    with start(tmp_path) as first, httpx.Client(base_url=first.url) as client:
        client.get("/health")
        port = first.url.rpartition(":")[2]
        first.process.kill()
        first.process.wait()
        with start(tmp_path, "--port", port) as second:
            assert second.url == first.url
            assert second.end() == (0, "", "")


def test_two_services_share_one_ledger(tmp_path: Path) -> None:
    stream, run = Stream(), flow_run(name="shared")
    with (
        start(tmp_path) as first,
        start(tmp_path) as second,
        httpx.Client(base_url=first.url) as one,
        httpx.Client(base_url=second.url) as two,
    ):
        assert send(one, stream, run) == {"accepted": 1}
        names = two.post("/graphql", json={"query": "{ flowRuns { nodes { name } } }"})
        assert names.json()["data"]["flowRuns"]["nodes"] == [{"name": "shared"}]
        # A client whose service has gone goes on with another one.
        assert first.end()[0] == 0
        assert send(two, stream, log_line(run)) == {"accepted": 1}
        assert second.end() == (0, "", "")


@pytest.mark.parametrize("arguments", [["schema"], ["--help"], ["--version"], ["version"]])
def test_small_commands_need_no_home(tmp_path: Path, arguments: list[str]) -> None:
    ended = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=environment(tmp_path / "none"),
        timeout=30,
        check=True,
    )
    assert ended.stdout
    assert ended.stderr == ""
    assert not (tmp_path / "none").exists()


def test_completion_prints_what_to_add_to_the_shell(tmp_path: Path) -> None:
    ended = subprocess.run(
        [*COMMAND, "completion", "bash"], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout.startswith('eval "$(_HEADRACE_COMPLETE=bash_source headrace)"')


def test_the_time_limit_of_a_query_comes_from_the_environment(tmp_path: Path) -> None:
    limit = {"HEADRACE_SERVER_STATEMENT_TIMEOUT": "0.000000001"}
    with start(tmp_path, **limit) as running, httpx.Client(base_url=running.url) as client:
        run = flow_run()
        send(client, Stream(), run, *(log_line(run, str(number)) for number in range(5_000)))
        query = '{ logs(filter: {messageContains: "nowhere"}) { nodes { message } } }'
        (error,) = client.post("/graphql", json={"query": query}).json()["errors"]
        assert error["extensions"]["code"] == "TookTooLong"
