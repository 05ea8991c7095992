"""The service's own log lines, and the ids of requests in them."""

from __future__ import annotations

import json
import logging
import sys

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from headrace_service.logs import JsonFormatter, RequestIds, TextFormatter, request_id


def line(message: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("headrace_service.api", logging.ERROR, "", 1, message, args, None)
    record.__dict__.update(extra)
    return record


def test_a_line_for_machines_is_one_object() -> None:
    token = request_id.set("r-1")
    try:
        raise ValueError("no\nway")
    except ValueError:
        record = line("at %s", "x\ny", error_id="e-1", exc_info=sys.exc_info())
        text = JsonFormatter().format(record)
    finally:
        request_id.reset(token)
    assert "\n" not in text
    fields = json.loads(text)
    assert (fields["level"], fields["logger"]) == ("ERROR", "headrace_service.api")
    assert (fields["message"], fields["request_id"], fields["error_id"]) == (
        "at x\ny",
        "r-1",
        "e-1",
    )
    assert "ValueError: no\nway" in fields["exception"]


def test_a_line_outside_of_requests_names_none() -> None:
    assert set(json.loads(JsonFormatter().format(line("hi")))) == {
        "time",
        "level",
        "logger",
        "message",
    }
    assert TextFormatter().format(line("hi")).endswith("| ERROR   | headrace_service.api - hi")


@pytest.mark.parametrize("given", ["mine-7", None, "a b", "x" * 65, "é"])
async def test_each_request_has_an_id_that_its_answer_tells(given: str | None) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(TextFormatter().format(line("hi")))(scope, receive, send)

    headers = {} if given is None else {b"X-Request-ID": given.encode()}
    transport = httpx.ASGITransport(RequestIds(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        first, second = await client.get("/", headers=headers), await client.get("/")
    assert first.text.endswith(f"(request {first.headers['x-request-id']})")
    assert (first.headers["x-request-id"] == given) == (given == "mine-7")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
