"""The clients of a process that all ask by: other settings take them away from nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from headrace.client import operations
from headrace.client.shared import ask, ask_and_wait, close
from headrace.settings import temporary_settings
from headrace.utilities.asyncutils import run_coro_as_sync
from tests.integration.test_transports import says, server
from tests.recorder_kit import PATIENCE

INFO = '{"data":{"serverInfo":{"version":"9"}}}'


def asked_in_loop(operation: Any) -> Any:
    return run_coro_as_sync(ask(operation))


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    close()
    yield
    close()


@pytest.mark.parametrize("asking", [ask_and_wait, asked_in_loop])
def test_who_waits_for_an_answer_gets_it_though_others_ask_elsewhere(
    asking: Callable[[Any], Any],
) -> None:
    under_way, go_on = threading.Event(), threading.Event()

    def slow(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        under_way.set()
        go_on.wait()
        says(200, INFO)(handler, body)

    def version(url: str) -> Any:
        with temporary_settings({"api_url": url}):
            return asking(operations.server_info())["version"]

    with server(slow) as first, server(says(200, INFO)) as second, ThreadPoolExecutor(1) as other:
        waiting = other.submit(version, first)
        assert under_way.wait(PATIENCE)
        assert version(second) == "9"
        go_on.set()
        assert waiting.result(PATIENCE) == "9"


def test_each_asks_by_the_token_of_its_own_settings() -> None:
    heard: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        heard.append(handler.headers["authorization"])
        says(200, INFO)(handler, body)

    with server(answer) as url:
        for token in ("hdr_a", "hdr_b"):
            with temporary_settings({"api_url": url, "api_key": token}):
                ask_and_wait(operations.server_info())
                asked_in_loop(operations.server_info())
        close()
    assert heard == ["Bearer hdr_a", "Bearer hdr_a", "Bearer hdr_b", "Bearer hdr_b"]
