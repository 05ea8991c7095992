"""What can be told of a process from its identity."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from headrace.liveness import Fate, fate, identity
from tests.recorder_kit import until


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its standard input to end."""
    program = [sys.executable, "-c", "input()"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def test_this_process_runs() -> None:
    assert identity() == identity(os.getpid())
    assert fate(identity()) is Fate.RUNS


def test_a_process_is_seen_to_run_to_be_stopped_and_to_have_ended(
    child: subprocess.Popen[bytes],
) -> None:
    known = identity(child.pid)
    assert fate(known) is Fate.RUNS
    child.send_signal(signal.SIGSTOP)
    until(lambda: fate(known) is Fate.STOPPED, "it is stopped")
    child.send_signal(signal.SIGCONT)
    until(lambda: fate(known) is Fate.RUNS, "it goes on")
    child.kill()
    until(lambda: fate(known) is Fate.ENDED, "it has ended, though nobody has waited for it")
    child.wait()
    assert fate(known) is Fate.ENDED


def test_the_same_number_later_is_another_process() -> None:
    machine, number, began = identity().rsplit("/", 2)
    assert fate(f"{machine}/{number}/{int(began) + 1}") is Fate.ENDED


def test_of_another_machine_nothing_is_known() -> None:
    _, number, began = identity().rsplit("/", 2)
    assert fate(f"another/{number}/{began}") is Fate.UNKNOWN
    assert fate("nonsense") is Fate.UNKNOWN
