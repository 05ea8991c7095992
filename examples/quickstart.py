"""The smallest useful pipeline: fetch records over HTTP and keep the active ones.

    python examples/quickstart.py

It needs no service: the run is recorded in `~/.headrace/ledger.db`, and `headrace tui` shows it
afterwards. It needs no network either: the records come from a tiny web server on loopback.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from headrace import flow, task

STATIONS = [
    {"name": "Ballard", "active": True},
    {"name": "Fremont", "active": False},
    {"name": "Georgetown", "active": True},
]


@task
def fetch_data(url: str) -> list[dict[str, Any]]:
    """The records that the address answers with."""
    import httpx

    answer = httpx.get(url, trust_env=False)  # loopback: past any proxy
    records: list[dict[str, Any]] = answer.raise_for_status().json()
    return records


@task
def process(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records that are marked active."""
    return [record for record in records if record.get("active")]


@flow(name="My Pipeline")
def pipeline(url: str) -> list[dict[str, Any]]:
    """Fetch, then keep what is active."""
    return process(fetch_data(url))


class Stations(BaseHTTPRequestHandler):
    """Answers every GET with the stations."""

    def do_GET(self) -> None:
        """Send the stations as JSON."""
        body = json.dumps(STATIONS).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing, so that only the flow's own lines are on the screen."""


@contextmanager
def served_locally() -> Iterator[str]:
    """A web server on a free loopback port, for as long as the block lasts; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Stations) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/stations"
        finally:
            server.shutdown()


if __name__ == "__main__":
    with served_locally() as url:
        print(pipeline(url))
