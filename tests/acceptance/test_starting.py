"""How processes of runs are started: forked from a warm one, and how it goes on when that dies."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
import uuid_utils.compat as uuids

from headrace.runner.jobs import Job
from headrace.runner.starting import CAN_FORK, Starter
from headrace.settings import get_settings
from tests.recorder_kit import PATIENCE

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are not forked here")

FLOW = """
import os, pathlib, time
from headrace import flow

@flow
def told(then: str):
    pathlib.Path("begun").write_text(f"{os.getppid()} {os.getpgid(0) == os.getpid()}")
    if then == "exit":
        os._exit(3)
    while then == "wait" and not pathlib.Path("go").exists():
        time.sleep(0.02)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a flow that tells whose child its process is, and a home of its own."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    get_settings.cache_clear()
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path


def job(place: Path, then: str = "end") -> Job:
    key = uuids.uuid7()
    found = "flow.py:told"
    return Job(key, "told", 1, 0, {"then": then}, key, "d", None, found, str(place), None)


async def told(place: Path) -> tuple[int, bool]:
    """What the flow says, once it does: its parent, and whether it heads a group of its own."""
    path = place / "begun"
    async with asyncio.timeout(PATIENCE):
        while not (path.exists() and path.read_text()):  # noqa: ASYNC110  # another process's file
            await asyncio.sleep(0.01)
    parent, heads = path.read_text().split()
    path.unlink()
    return int(parent), heads == "True"


def warm_one(starter: Starter) -> int:
    assert starter._server is not None
    return starter._server.pid


async def test_a_run_gets_a_fork_of_the_warm_process(place: Path) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place), {})
        assert await told(place) == (warm_one(starter), True)
        assert await process.wait() == 0


async def test_a_variable_that_counts_as_python_starts_gets_an_interpreter_of_its_own(
    place: Path,
) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place), {"PYTHONHASHSEED": "0"})
        assert await told(place) == (os.getpid(), True)
        assert await process.wait() == 0


async def test_how_a_fork_ended_is_told(place: Path) -> None:
    async with Starter() as starter:
        exits, waits = [await starter.start(job(place, then), {}) for then in ("exit", "wait")]
        assert await exits.wait() == 3
        os.kill(waits.pid, signal.SIGKILL)
        assert await waits.wait() == -signal.SIGKILL


async def test_runs_go_on_and_others_begin_when_the_warm_process_has_died(place: Path) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place, "wait"), {})
        first = warm_one(starter)
        assert await told(place) == (first, True)
        os.kill(first, signal.SIGKILL)
        other = await starter.start(job(place), {})
        assert (await told(place))[0] != first
        assert await other.wait() == 0
        (place / "go").touch()
        assert await process.wait() is None  # nobody saw how
