"""Many processes at once, and processes that split."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.processes import Service, recorded, repeated, running
from tests.recorder_kit import PATIENCE


def test_sixteen_processes_record_into_one_file() -> None:
    command = [sys.executable, "-m", "bench.soak_many_writers", "--seconds", "3"]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=5 * PATIENCE, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_processes_that_are_killed_at_random_never_hold_more_slots_than_there_are() -> None:
    command = [sys.executable, "-m", "bench.soak_slots", "--seconds", "4", "--processes", "3"]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=5 * PATIENCE, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("method", ["os.fork", "fork", "spawn", "forkserver"])
@pytest.mark.parametrize("transport", ["embedded", "http"])
def test_children_have_streams_of_their_own(
    request: pytest.FixtureRequest, home: Path, transport: str, method: str
) -> None:
    environment, path = {}, home / "ledger.db"
    if transport == "http":
        service: Service = request.getfixturevalue("service")
        environment, path = service.environment, service.path
    with running(environment, "children", method) as script:
        out, err = script.finish()
        assert (script.code, out) == (0, ""), err
        assert "Error" not in err
    messages = recorded(path)
    assert repeated(messages) == []
    parent = [message for message in messages if message.startswith("parent")]
    assert parent == [f"parent {number}" for number in range(503)]
    for child in range(3):
        own = [message for message in messages if message.startswith(f"child {child}")]
        assert own == [f"child {child} {number}" for number in range(500)]


@pytest.mark.parametrize("method", ["os.fork", "fork"])
@pytest.mark.parametrize("transport", ["embedded", "http"])
def test_a_child_does_not_overtake_what_its_parent_had_recorded(
    request: pytest.FixtureRequest, home: Path, transport: str, method: str
) -> None:
    environment, path = {}, home / "ledger.db"
    if transport == "http":
        service: Service = request.getfixturevalue("service")
        environment, path = service.environment, service.path
    with running(environment, "child_of_a_backlog", method) as script:
        out, err = script.finish()
        assert (script.code, out) == (0, ""), err
    assert recorded(path) == [*(f"parent {number}" for number in range(30_000)), "child"]
