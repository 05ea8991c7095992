"""How requests get to a service: over kept connections, or by httpx where it takes more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import h11
import pytest

from headrace.client import posting
from headrace.client.posting import ByHttpx, Direct, poster
from headrace.exceptions import ServiceUnreachable
from headrace_service.protocol import OnePacket
from tests.recorder_kit import PATIENCE, until


class Service:
    """Answers each request with its own body, and counts connections."""

    def __init__(self, port: int = 0) -> None:
        self.connections = 0
        self.requests: list[tuple[str, str | None, bytes]] = []
        self.keeps = True
        self.may_answer = threading.Event()
        self.may_answer.set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                service.connections += 1
                super().setup()

            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/health" else 404)
                self.send_header("content-length", "0")
                self.end_headers()
                service.may_answer.set()

            def do_POST(self) -> None:
                service.may_answer.wait(PATIENCE)
                body = self.rfile.read(int(self.headers["content-length"]))
                service.requests.append((self.path, self.headers["authorization"], body))
                self.send_response(207)
                self.send_header("content-length", str(len(body)))
                if not service.keeps:
                    self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody listens."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    with closing(Service()) as service:
        yield service


def test_requests_share_a_connection_until_the_service_closes_it(service: Service) -> None:
    with closing(Direct(f"http://127.0.0.1:{service.port}/below", "secret", PATIENCE)) as direct:
        assert direct.post(b"one") == (207, b"one")
        assert direct.post(b"two") == (207, b"two")
        assert service.connections == 1
        service.keeps = False
        direct.post(b"three")
        assert direct.post(b"four") == (207, b"four")
    assert service.connections == 2
    assert service.requests[0] == ("/below/graphql", "Bearer secret", b"one")


def test_a_connection_that_was_closed_while_nobody_used_it_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "FRESH", 0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer_and_close() -> None:
            there, _ = listener.accept()
            with there:
                there.recv(10_000)
                there.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

        with closing(Direct(f"http://127.0.0.1:{port}", None, PATIENCE)) as direct:
            for _ in range(2):
                answering = ThreadPoolExecutor(1).submit(answer_and_close)
                assert direct.post(b"body") == (200, b"ok")
                answering.result(PATIENCE)
                until(lambda: not any(each.is_usable() for each in direct._idle), "it is closed")


def test_closing_ends_what_waits_for_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        direct = Direct(f"http://127.0.0.1:{listener.getsockname()[1]}", None, PATIENCE)
        asking = ThreadPoolExecutor(1).submit(direct.post, b"body")
        there, _ = listener.accept()
        with there:
            assert there.recv(10_000).endswith(b"\r\n\r\nbody")  # head and body came together
            direct.close()
            with pytest.raises(ServiceUnreachable, match="nobody answers at http://127"):
                asking.result(PATIENCE)


def test_one_that_takes_its_time_and_says_that_it_is_there_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "SILENCE", 0.05)
    with (
        closing(Service()) as service,
        closing(Direct(f"http://127.0.0.1:{service.port}", None, PATIENCE)) as direct,
    ):
        service.may_answer.clear()  # until it is asked whether it is there
        assert direct.post(b"one", may_go_on=True) == (207, b"one")


def test_nobody_there_is_told_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ServiceUnreachable, match="Connection refused"):
        Direct(f"http://127.0.0.1:{port}", None, PATIENCE).post(b"")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:4200", Direct),
        ("http://mill.test:4200", ByHttpx),  # through the proxy
        ("https://127.0.0.1:4200", ByHttpx),
        ("http://user:secret@127.0.0.1:4200", ByHttpx),
    ],
)
def test_httpx_does_what_is_not_plain(
    url: str, kind: type[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")
    with closing(poster(url, None, PATIENCE)) as found:
        assert isinstance(found, kind)


def test_an_address_without_a_proxy_is_asked_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with closing(poster("http://mill.test:4200", None, PATIENCE)) as found:
        assert isinstance(found, Direct)


def test_the_head_of_an_answer_waits_for_its_body() -> None:
    connection = OnePacket(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nhost: mill\r\ncontent-length: 0\r\n\r\n")
    while not isinstance(connection.next_event(), h11.EndOfMessage):
        continue
    head = h11.Response(status_code=200, headers=[("content-length", "2")])
    assert connection.send(head) == b""
    sent = connection.send(h11.Data(data=b"ok"))
    assert sent == b"HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok"
    assert connection.send(h11.EndOfMessage()) == b""
