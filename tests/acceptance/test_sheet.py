"""The cheat sheet that Prefect's users know, program by program, with and without a service.

The programs stand in the folder `sheet`; each is run in a process of its own, as a user would.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.acceptance.test_server import start

SHEET = Path(__file__).parent / "sheet"
HEADRACE = [sys.executable, "-m", "headrace"]

#: The clock in front of a log line.
_CLOCK = re.compile(r"^\d\d:\d\d:\d\d\.\d\d\d \| ", re.MULTILINE)


class Setting:
    """Where the programs of one test record: a home, and a service unless they are embedded."""

    def __init__(self, home: Path, url: str | None) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
        self.environment = {**kept, "HEADRACE_HOME": str(home)}
        if url is not None:
            self.environment["HEADRACE_API_URL"] = f"{url}/api"

    def run(self, *command: str) -> tuple[str, list[str]]:
        """What a command that succeeds prints, and its log lines without their times."""
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=self.environment, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout, _CLOCK.sub("", ended.stderr).splitlines()

    def program(self, name: str, *arguments: str) -> tuple[str, list[str]]:
        """`run` for a program of the sheet."""
        return self.run(sys.executable, str(SHEET / name), *arguments)


@pytest.fixture(params=["embedded", "service"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    """Both ways to record."""
    if request.param == "embedded":
        yield Setting(tmp_path / "home", None)
        return
    with start(tmp_path / "server") as service:
        yield Setting(tmp_path / "home", service.url)


@pytest.fixture
def data_url() -> Iterator[str]:
    """The address of some data."""

    class Data(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps([{"n": 1, "active": True}, {"n": 2, "active": False}]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Data) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/data.json"
        server.shutdown()


def test_quick_example(setting: Setting, data_url: str) -> None:
    printed, logged = setting.program("quick.py", data_url)
    assert printed == "[{'n': 1, 'active': True}]\n"
    name = logged[0].split("'")[1]
    assert logged == [
        f"INFO    | headrace.engine - Created flow run '{name}' for flow 'My Pipeline'",
        "INFO    | Task run 'fetch_data' - Finished in state Completed()",
        "INFO    | Task run 'process' - Finished in state Completed()",
        f"INFO    | Flow run '{name}' - Finished in state Completed()",
    ]


def test_retries(setting: Setting) -> None:
    printed, logged = setting.program("retries.py")
    assert printed == ""
    told = [line for line in logged if "unreliable_api_call" in line and "WARNING" not in line]
    assert told == [
        "INFO    | Task run 'unreliable_api_call' - Retrying in 0.1 seconds...",
        "INFO    | Task run 'unreliable_api_call' - Retrying in 0.1 seconds...",
        "INFO    | Task run 'unreliable_api_call' - "
        "Called https://api.example.com/data successfully",
        "INFO    | Task run 'unreliable_api_call' - Finished in state Completed()",
    ]
    assert logged[-2].endswith(" - Result: {'status': 'ok'}")


def test_caching(setting: Setting) -> None:
    printed, logged = setting.program("caching.py")
    assert printed == "[{'result': 42}] [{'result': 42}]\n"
    assert sum("Running query: SELECT * FROM big_table" in line for line in logged) == 1
    assert any(line.endswith("Finished in state Cached(type=COMPLETED)") for line in logged)


def test_parallel(setting: Setting) -> None:
    printed, logged = setting.program("parallel.py")
    assert printed == "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n"
    assert sum("Finished in state Completed()" in line for line in logged) == 11


def test_subflows(setting: Setting) -> None:
    printed, logged = setting.program("subflows.py")
    assert printed == "Transformed: [2, 4, 6, 8, 10]\n"
    assert "Created flow run" in logged[0]
    assert "for flow 'main'" in logged[0]
    assert logged[1].endswith("Created subflow run for flow 'transform'")


def test_hooks(setting: Setting) -> None:
    printed, logged = setting.program("hooks.py")
    assert printed == ""
    said = [line.partition(" - ")[2] for line in logged]
    assert said[1:] == [
        "task running",
        "Finished in state Completed()",
        "Result: 42",
        "Flow instrumented-flow completed successfully",
        "Finished in state Completed()",
    ]


def test_concurrency_limits(setting: Setting) -> None:
    printed, _ = setting.run(*HEADRACE, "concurrency-limit", "create", "external-api", "5")
    assert printed == ""
    printed, _ = setting.program("limited.py")
    assert printed == "15 True\n"
