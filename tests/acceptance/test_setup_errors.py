"""What keeps a script from running is one clear line and an exit code, not a traceback."""

from __future__ import annotations

import http.server
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = """
from headrace import flow
@flow
def report(): print("ran")

report()
"""


def run(program: str = PROGRAM, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HEADRACE_CONNECT_TIMEOUT": "0.3", **environment},
    )


def assert_one_line(answer: subprocess.CompletedProcess[str], *parts: str) -> None:
    """The program did not run, and said why in a line that has all these parts."""
    assert (answer.returncode, answer.stdout) == (1, "")
    lines = answer.stderr.splitlines()
    assert len(lines) == 1, answer.stderr
    assert lines[0].startswith("Error: ")
    for part in parts:
        assert part in lines[0]


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def some_web_server() -> Iterator[str]:
    """The address of a server that knows nothing of headrace."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_nobody_answers(unused_port: int) -> None:
    url = f"http://127.0.0.1:{unused_port}"
    assert_one_line(run(HEADRACE_API_URL=url), url, "headrace server start", "HEADRACE_API_URL")


def test_nobody_answers_the_command(unused_port: int) -> None:
    url = f"http://127.0.0.1:{unused_port}"
    command = [sys.executable, "-m", "headrace", "variable", "ls"]
    environment = {**os.environ, "HEADRACE_API_URL": url}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"Error: nobody answers at {url} (")
    assert line.endswith(
        "; start a service with `headrace server start`, or check HEADRACE_API_URL"
    )


def test_somebody_else_answers(some_web_server: str) -> None:
    assert_one_line(run(HEADRACE_API_URL=some_web_server), some_web_server, "no headrace service")


def test_a_setting_is_wrong() -> None:
    answer = run(HEADRACE_API_URL="over there")
    assert_one_line(answer, "HEADRACE_API_URL='over there'", "http://127.0.0.1:4200")


def test_the_home_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run(HEADRACE_HOME=str(tmp_path / "file" / "home"), HEADRACE_API_URL="")
    assert_one_line(answer, "HEADRACE_HOME")


def test_the_ledger_is_from_the_future(tmp_path: Path) -> None:
    home = {"HEADRACE_HOME": str(tmp_path), "HEADRACE_API_URL": ""}
    assert run(**home).stdout == "ran\n"
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert_one_line(run(**home), "version 99", "upgrade headrace")


def test_other_errors_keep_their_traceback(unused_port: int) -> None:
    program = PROGRAM.replace("\nreport()", "\ntry: report()\nexcept Exception: 1 / 0")
    answer = run(program, HEADRACE_API_URL=f"http://127.0.0.1:{unused_port}")
    assert "Traceback" in answer.stderr
    assert "ZeroDivisionError" in answer.stderr


@pytest.mark.parametrize(
    "call", ["outer(0)", "outer('many')", "outer()", "outer.deploy('d', work_pool_name='nope')"]
)
def test_what_ends_a_script_is_shown_without_our_frames(tmp_path: Path, call: str) -> None:
    program = (
        "from headrace import flow, task\n\n@task\ndef divide(x):\n    return 1 / x\n\n"
        f"@flow\ndef outer(x: int):\n    return divide(x)\n\n{call}\n"
    )
    answer = run(program, HEADRACE_HOME=str(tmp_path), HEADRACE_API_URL="")
    shown = answer.stderr[answer.stderr.rindex("Traceback") :]
    assert "<module>" in shown
    last = (
        "division by zero",
        "valid integer",
        "Error binding parameters",
        "Could not find work pool",
    )
    assert any(text in shown for text in last)
    assert "/headrace/" not in shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_is_printed_goes_nowhere() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "headrace", "version"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        "Error: the output cannot be written: No space left on device\n",
    )
