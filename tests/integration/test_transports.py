"""Both transports keep one contract; the one over HTTP also faces what else may answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.exceptions import HomeUnusable, ServiceTooOld, ServiceUnreachable, SetupError
from headrace.recorder import (
    NotGiven,
    Recorder,
    Settled,
    StreamGap,
    Transport,
    TransportAway,
    TransportRefused,
    get_recorder,
    shutdown,
)
from headrace.recorder import http as http_module
from headrace.recorder.embedded import EmbeddedTransport
from headrace.recorder.http import HttpTransport
from headrace.records import ProcessInfo, Record, RecordBatch, RunClaim, StateType, now_micros
from headrace.runner.host import Host
from headrace.settings import get_settings
from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import Claimant, claim
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.models import Log
from headrace_service.ledger.processes import processes
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.server import start_in_thread
from tests.builders import Stream, enters, flow_run, log_line, state, task_run
from tests.recorder_kit import PATIENCE

encode = msgspec.json.encode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(params=["embedded", "http"])
def transport(request: pytest.FixtureRequest, path: Path) -> Iterator[Transport]:
    if request.param == "embedded":
        embedded = EmbeddedTransport(path)
        yield embedded
        embedded.close()
        return
    with start_in_thread(path) as service:
        http = HttpTransport(service.url)
        yield http
        http.close()


def messages(path: Path) -> list[str]:
    """The log lines that the ledger has, in order."""

    def query(db: peewee.Database) -> list[str]:
        rows = Log.select(Log.message).order_by(Log.seq).tuples().execute(db)
        return [message for (message,) in rows]

    ledger = Ledger.open(path)
    try:
        return ledger.read(query).result()
    finally:
        ledger.close()


def lines(*texts: str) -> list[Record]:
    return [log_line(None, text) for text in texts]


# -- the contract ----------------------------------------------------------------------------------


def test_batches_are_taken_in_order(transport: Transport, path: Path) -> None:
    transport.connect()
    stream = Stream()
    for text in ("a", "b", "c"):
        ack = transport.send(encode(stream.batch(*lines(text, text + text))))
        assert (ack.number, ack.accepted, ack.duplicate) == (stream.number, 2, False)
    assert messages(path) == ["a", "aa", "b", "bb", "c", "cc"]


def test_a_batch_may_be_sent_again(transport: Transport, path: Path) -> None:
    stream = Stream()
    first, second = (encode(stream.batch(*lines(text))) for text in ("a", "b"))
    transport.send(first)
    transport.send(second)
    for payload in (second, first):
        assert transport.send(payload).duplicate
    assert messages(path) == ["a", "b"]


def test_a_claimed_run_is_given_to_one_process(transport: Transport, path: Path) -> None:
    transport.connect()
    ledger = Ledger.open(path)
    try:
        row = ledger.write(apply_deployment, DeploymentInput("etl", "daily")).result()
        ledger.write(create_run, RunRequest("etl/daily")).result()
        worker = Claimant(uuids.uuid7(), deployment_ids=[row.id])
        (given,) = ledger.write(claim, worker, now_micros()).result()
        process = ProcessInfo("mill", 7, "mill/7", 15.0)
        mine = RunClaim(given.flow_run_id, given.epoch)
        first = uuids.uuid7()
        for _ in range(2):
            assert transport.begin(mine, first, process) is StateType.PENDING
        with pytest.raises(NotGiven, match="begun by another process"):
            transport.begin(mine, uuids.uuid7(), process)
        assert [each.client_id for each in ledger.read(processes).result()] == [first]
    finally:
        ledger.close()


def test_a_hole_in_the_stream_is_refused(transport: Transport, path: Path) -> None:
    stream = Stream()
    transport.send(encode(stream.batch(*lines("a"))))
    stream.number += 1
    with pytest.raises(StreamGap) as caught:
        transport.send(encode(stream.batch(*lines("c"))))
    assert caught.value.expected == 2
    assert messages(path) == ["a"]


def test_records_are_refused_one_by_one(transport: Transport, path: Path) -> None:
    stream = Stream()
    batch = stream.batch(*lines("a"), enters(flow_run(), state("COMPLETED")), *lines("b"))
    ack = transport.send(encode(batch))
    assert ack.accepted == 2
    (refused,) = ack.refused
    assert (refused.index, refused.code, refused.field) == (1, "NotFound", "id")
    plain: dict[str, Any] = msgspec.to_builtins(stream.batch(*lines("c", "d")))
    plain["records"][0]["level"] = "loud"
    (refused,) = transport.send(encode(plain)).refused
    assert (refused.index, refused.code, refused.field) == (0, "InvalidInput", "level")
    assert messages(path) == ["a", "b", "d"]


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b'{"client_id":"nobody","number":1,"records":[]}',
        b'{"client_id":"0198c0de-0000-7000-8000-000000000000","number":0,"records":[]}',
    ],
)
def test_an_envelope_that_makes_no_sense_is_refused(transport: Transport, payload: bytes) -> None:
    with pytest.raises(TransportRefused):
        transport.send(payload)


def test_a_recorder_over_it(transport: Transport, path: Path, tmp_path: Path) -> None:
    recorder = Recorder(lambda: transport, tmp_path / "spool", 100_000)
    run = flow_run()
    recorder.record(run)
    for number in range(2_500):
        task = task_run(run)
        recorder.record(task)
        recorder.record(log_line(run, str(number)))
        recorder.record(enters(task, state("COMPLETED")))
    recorder.record(enters(run, state("COMPLETED")))
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert recorder.refused == 0
    assert messages(path) == [str(number) for number in range(2_500)]


def test_a_closed_transport_opens_again(transport: Transport, path: Path) -> None:
    stream = Stream()
    transport.send(encode(stream.batch(*lines("a"))))
    transport.close()
    transport.close()
    transport.connect()
    transport.send(encode(stream.batch(*lines("b"))))
    assert messages(path) == ["a", "b"]


# -- what else may answer over HTTP ----------------------------------------------------------------


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """An HTTP server that is no headrace service; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def says(
    status: int, body: str, kind: str = "application/json"
) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    """Always the same answer."""

    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(status)
        handler.send_header("content-type", kind)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


def hangs_up(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def payload() -> bytes:
    return encode(Stream().batch(*lines("a")))


def connect(url: str) -> None:
    transport = HttpTransport(url)
    try:
        transport.connect()
    finally:
        transport.close()


def send(url: str, payload: bytes) -> None:
    transport = HttpTransport(url)
    try:
        transport.send(payload)
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html>hello</html>", "text/html"),
        (404, '{"detail":"Not Found"}', "application/json"),
        (200, '{"data":null,"errors":[{"message":"no such field"}]}', "application/json"),
    ],
)
def test_what_answers_is_no_headrace_service(status: int, body: str, kind: str) -> None:
    with (
        server(says(status, body, kind)) as url,
        pytest.raises(ServiceUnreachable, match=f"{status}, {kind}.*check HEADRACE_API_URL"),
    ):
        connect(url)


def test_a_service_that_is_broken_says_how() -> None:
    broken = '{"data":null,"errors":[{"message":"no such field"}]}'
    with server(says(200, broken)) as url, pytest.raises(ServiceUnreachable, match="no such field"):
        connect(url)


def test_a_service_that_is_too_old() -> None:
    old = '{"data":{"serverInfo":{"wireVersion":0,"version":"0.0.1"}}}'
    with server(says(200, old)) as url, pytest.raises(ServiceTooOld, match=r"0\.0\.1, too old"):
        connect(url)


async def test_a_service_that_is_too_old_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    info = '"serverInfo":{"wireVersion":1,"version":"0.0.1"}'
    old = f'{{"data":{{{info},"releaseWorker":{{"id":"w"}}}}}}'
    with server(says(200, old)) as url:
        monkeypatch.setenv("HEADRACE_API_URL", url)
        get_settings.cache_clear()
        with pytest.raises(ServiceTooOld, match=r"0\.0\.1, too old .* upgrade the service"):
            await Host("mill").run()
    get_settings.cache_clear()


@pytest.mark.parametrize("url", ["http://no-such-host.invalid:4200", "http://127.0.0.1:99999"])
def test_an_address_that_leads_nowhere(url: str) -> None:
    # A resolver that itself cannot be reached says "try again": then it is a matter of time.
    with pytest.raises((ServiceUnreachable, TransportAway)):
        connect(url)


@pytest.mark.parametrize("answer", [says(503, "busy", "text/plain"), hangs_up])
def test_a_service_that_may_be_back(
    answer: Callable[[BaseHTTPRequestHandler, bytes], None], payload: bytes
) -> None:
    with server(answer) as url:
        with pytest.raises(TransportAway):
            connect(url)
        with pytest.raises(TransportAway):
            send(url, payload)


@pytest.mark.parametrize(
    "answer",
    [
        says(404, "nothing here", "text/plain"),
        says(200, "<html>please log in</html>", "text/html"),
        says(200, '{"data":null,"errors":[{"message":"out of order"}]}'),
    ],
)
def test_a_batch_is_not_given_up_when_something_else_answers(
    answer: Callable[[BaseHTTPRequestHandler, bytes], None], payload: bytes
) -> None:
    with server(answer) as url, pytest.raises(TransportAway):
        send(url, payload)


#: What is answered to a batch that was taken before.
ACK = (
    '{"data":{"record":{"__typename":"RecordAck","number":1,"accepted":1,"duplicate":true,'
    '"lost":null,"cancelling":[],"refused":[]}}}'
)


def test_a_service_that_takes_batches_and_says_nothing_is_away(
    payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "ANSWER_TIMEOUT", (0.01, 60.0))
    silent = threading.Event()

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        silent.wait()
        says(200, ACK)(handler, body)

    with server(answer) as url:
        transport = HttpTransport(url)
        with pytest.raises(TransportAway, match=r"no answer within 0\.01 s"):
            transport.send(payload)
        with pytest.raises(TransportAway, match=r"no answer within 0\.02 s"):
            transport.send(payload)
        silent.set()
        for _ in range(12):  # each has twice as long to be answered
            with suppress(TransportAway):
                assert transport.send(payload).duplicate
                break
        else:
            raise AssertionError("it has never had the time")
        transport.close()


def test_a_service_that_was_slow_has_twice_as_long_for_the_next_batch(
    payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 2.5, 10.0, 15.0, 20.0, 30.0, 40.0, 40.5])
    monkeypatch.setattr(http_module, "monotonic", lambda: next(times))
    with server(says(200, ACK)) as url:
        transport = HttpTransport(url)
        allowed = []
        for _ in range(4):
            transport.send(payload)
            allowed.append(transport._patience)
        transport.close()
    assert allowed == [5.0, 10.0, 12.0, 3.0]


@pytest.mark.parametrize("status", [400, 413])
def test_a_batch_that_is_never_taken_is_given_up(status: int, payload: bytes) -> None:
    with (
        server(says(status, "no", "text/plain")) as url,
        pytest.raises(TransportRefused, match=f"HTTP {status}: no"),
    ):
        send(url, payload)


def test_the_batch_is_posted_as_it_was_encoded(payload: bytes) -> None:
    bodies = []

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        bodies.append(body)
        says(200, '{"data":{"record":{"__typename":"OutOfOrder","message":"","expected":1}}}')(
            handler, body
        )

    with server(answer) as url, pytest.raises(StreamGap):
        send(url, payload)
    (body,) = bodies
    assert payload in body
    sent = msgspec.json.decode(body)["variables"]["batch"]
    assert msgspec.convert(sent, RecordBatch) == msgspec.json.decode(payload, type=RecordBatch)


# -- the process's recorder ------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    shutdown()
    get_settings.cache_clear()
    yield monkeypatch
    shutdown()
    get_settings.cache_clear()


def test_with_nothing_set_it_records_to_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recorder = get_recorder()
    assert get_recorder() is recorder
    recorder.record(log_line(None, "a"))
    shutdown()
    shutdown()
    assert messages(tmp_path / "home" / "ledger.db") == ["a"]


def test_with_an_address_it_records_to_a_service(
    environment: pytest.MonkeyPatch, path: Path
) -> None:
    with start_in_thread(path) as service:
        environment.setenv("HEADRACE_API_URL", f"{service.url}/api")
        get_recorder().record(log_line(None, "a"))
        shutdown()
    assert messages(path) == ["a"]


def test_nobody_answers(environment: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environment.setenv("HEADRACE_API_URL", f"http://127.0.0.1:{port}")
    environment.setenv("HEADRACE_CONNECT_TIMEOUT", "0.2")
    with pytest.raises(ServiceUnreachable, match=f"nobody answers at http://127.0.0.1:{port}"):
        get_recorder()


def test_a_service_that_comes_up_late_is_waited_for(
    environment: pytest.MonkeyPatch, path: Path
) -> None:
    asked = threading.Semaphore(0)

    def refuse(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.release()
        hangs_up(handler, body)

    with server(refuse) as url:
        environment.setenv("HEADRACE_API_URL", url)
        made: list[Recorder] = []
        waiting = threading.Thread(target=lambda: made.append(get_recorder()))
        waiting.start()
        assert asked.acquire(timeout=PATIENCE)
    with start_in_thread(path, port=int(url.rsplit(":", 1)[1])):
        waiting.join(PATIENCE)
        assert len(made) == 1
        shutdown()


@pytest.mark.parametrize("content", ["file where the home should be", None])
def test_a_home_that_cannot_be_used(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    home = tmp_path / "home"
    if content is not None:
        home.write_text(content)
    else:
        home.mkdir()
        (home / "ledger.db").write_text("this is not a ledger, it is " + "text " * 1000)
    with pytest.raises(HomeUnusable) as caught:
        get_recorder()
    assert isinstance(caught.value, SetupError)
    assert "\n" not in str(caught.value)
