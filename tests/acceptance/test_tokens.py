"""A service that is opened to others, and a script that reports to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from tests.acceptance.test_server import COMMAND, environment, start

SCRIPT = """
from headrace import flow, task

@task
def add(a, b): return a + b

@flow
def sums():
    return add.submit(1, 2).result()

if __name__ == "__main__":
    print("sum", sums())
"""


def headrace(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(home, **more),
    )


def test_a_service_is_opened_with_tokens(tmp_path: Path) -> None:
    refused = headrace(tmp_path, "server", "start", "--host", "0.0.0.0", "--port", "0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert "headrace token create" in refused.stderr
    made = headrace(tmp_path, "token", "create", "script", "--scope", "run")
    token = made.stdout.strip()
    assert made.returncode == 0, made.stderr
    assert "whoever asks a service on this ledger needs a token" in made.stderr
    (tmp_path / "script.py").write_text(SCRIPT)
    elsewhere = tmp_path / "elsewhere"
    with start(tmp_path, "--host", "0.0.0.0") as running:
        where = {"HEADRACE_API_URL": running.url, "HEADRACE_SETTLE_TIMEOUT": "30"}

        def script(**more: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "script.py"],
                capture_output=True,
                text=True,
                timeout=60,
                cwd=tmp_path,
                env=environment(elsewhere, **where, **more),
            )

        stranger = script()
        assert (stranger.returncode, stranger.stdout) == (1, "")
        assert stranger.stderr.count("\n") == 1, stranger.stderr
        assert "HEADRACE_API_TOKEN" in stranger.stderr
        known = script(HEADRACE_API_TOKEN=token)
        assert (known.returncode, known.stdout.splitlines()[-1]) == (0, "sum 3"), known.stderr
        listed = headrace(elsewhere, "flow-run", "ls", **where, HEADRACE_API_KEY=token)
        assert "Completed" in listed.stdout, listed.stderr
        more = headrace(elsewhere, "token", "ls", **where, HEADRACE_API_TOKEN=token)
        assert more.returncode == 1
        assert "needs the scope 'admin'" in more.stderr
        monitor = headrace(elsewhere, "tui", "--url", running.url)
        assert (monitor.returncode, monitor.stderr.count("\n")) == (1, 1), monitor.stderr
        body = {"query": "{ flowRuns { nodes { id } } }"}
        assert httpx.post(f"{running.url}/graphql", json=body).status_code == 401
        code, output, errors = running.end()
    assert code == 0
    assert token not in output + errors
