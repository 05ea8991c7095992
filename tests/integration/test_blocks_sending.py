"""Blocks that send something, to a server of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from headrace.blocks.notifications import (
    CustomWebhookNotificationBlock,
    DiscordWebhook,
    NotificationError,
    SlackWebhook,
)
from headrace.blocks.webhook import Webhook
from headrace.types import SecretDict


class Receiver:
    """A server that keeps what it is sent, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[tuple[str, str, dict[str, str], str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                text = self.rfile.read(length).decode()
                outer.taken.append((self.command, self.path, dict(self.headers), text))
                self.send_response(outer.status)
                self.end_headers()

            do_PUT = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


async def test_a_webhook_is_called(receiver: Receiver) -> None:
    hook = Webhook(
        method="PUT", url=SecretStr(receiver.url + "/x"), headers=SecretDict({"X-Key": "k"})
    )
    answer = await hook.call({"a": 1})
    assert answer.status_code == 200
    method, path, headers, text = receiver.taken[0]
    assert (method, path, json.loads(text)) == ("PUT", "/x", {"a": 1})
    assert {name.lower(): value for name, value in headers.items()}["x-key"] == "k"
    assert receiver.url not in repr(hook)
    with pytest.raises(ValidationError, match="begins with http"):
        Webhook(url=SecretStr("ftp://x"))


def test_messages_are_sent(receiver: Receiver) -> None:
    url = SecretStr(receiver.url)
    SlackWebhook(url=url).notify("all is well", subject="Nightly")
    DiscordWebhook(url=url).notify("hello")
    CustomWebhookNotificationBlock(
        name="mine",
        url=receiver.url + "/{{token}}",
        json_data={"text": "{{name}}: {{subject}} {{body}}"},
        secrets=SecretDict({"token": "t"}),
    ).notify("body", "subject")
    assert [json.loads(text) for *_, text in receiver.taken] == [
        {"text": "Nightly\nall is well"},
        {"content": "hello"},
        {"text": "mine: subject body"},
    ]
    assert receiver.taken[2][1] == "/t"


def test_a_message_that_is_not_taken_is_an_error(receiver: Receiver) -> None:
    receiver.status = 500
    with pytest.raises(NotificationError, match="not taken"):
        SlackWebhook(url=SecretStr(receiver.url)).notify("x")
