"""Cached results among processes: shared, computed once where that is asked for, never half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

#: Tells of each run of its task by a line, which is one write, in a file that all share.
PROGRAM = """
import os, sys, time
from headrace import flow, task
from headrace.cache_policies import INPUTS
from headrace.locking.filesystem import FileSystemLockManager

policy = INPUTS
if "isolated" in sys.argv:
    policy = INPUTS.configure(
        isolation_level="SERIALIZABLE", lock_manager=FileSystemLockManager("locks")
    )

def tell(line):
    with open("ran", "a") as file:
        file.write(line + "\\n")

@task(cache_policy=policy, result_storage="shared")
def slow(x):
    tell(f"ran {x}")
    if "hang" in sys.argv:
        print("within", flush=True)
        time.sleep(600)
    time.sleep(0.3)
    return [x] * 1000

@flow
def pipeline():
    state = slow(7, return_state=True)
    assert state.result() == [7] * 1000
    return state.name

print(pipeline())
"""


class Programs:
    """Runs the program in a folder that its processes share, with a ledger of their own each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "program.py").write_text(PROGRAM)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        home = self.folder / f"home-{len(list(self.folder.iterdir()))}"
        home.mkdir()
        environment = {**os.environ, "HEADRACE_HOME": str(home)}
        environment.pop("HEADRACE_API_URL", None)
        return subprocess.Popen(
            [sys.executable, "program.py", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ran(self) -> int:
        """How often the task's function was called."""
        return len((self.folder / "ran").read_text().splitlines())


def outcome(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


def test_a_result_survives_its_process_and_is_shared(programs: Programs) -> None:
    assert [outcome(programs.start()) for _ in range(2)] == ["Completed", "Cached"]
    assert programs.ran() == 1


def test_isolated_processes_with_one_key_compute_once(programs: Programs) -> None:
    started = [programs.start("isolated") for _ in range(3)]
    assert sorted(map(outcome, started)) == ["Cached", "Cached", "Completed"]
    assert programs.ran() == 1


def test_processes_that_are_not_isolated_spoil_nothing(programs: Programs) -> None:
    started = [programs.start() for _ in range(3)]
    assert "Completed" in list(map(outcome, started))
    assert outcome(programs.start()) == "Cached"


def test_the_key_of_a_killed_process_is_free(programs: Programs) -> None:
    hanging = programs.start("isolated", "hang")
    with hanging:
        assert hanging.stdout is not None
        hanging.stdout.readline()
        os.kill(hanging.pid, signal.SIGKILL)
    assert outcome(programs.start("isolated")) == "Completed"
    assert programs.ran() == 2


def test_an_old_draft_of_a_killed_writer_is_no_result(programs: Programs) -> None:
    shared: Any = programs.folder / "shared"
    shared.mkdir()
    (shared / ".0123.draft").write_bytes(b'{"metadata": {')
    assert [outcome(programs.start()) for _ in range(2)] == ["Completed", "Cached"]
