"""How processes end, and what is then on record: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run_kit import Book

PROLOGUE = """
import asyncio, os, sys, threading
from headrace import flow, task, get_run_logger

def ready():
    get_run_logger().info("about to wait")
    print("ready", flush=True)
"""

WAITING_TASK = """
@task
def wait():
    ready()
    threading.Event().wait()

@flow
def pipeline():
    wait()

pipeline()
"""

WAITING_COROUTINE = """
@task
async def wait():
    ready()
    await asyncio.Event().wait()

@flow
async def pipeline():
    await wait()

asyncio.run(pipeline())
"""

SYNC_TASK_IN_COROUTINE = """
@task
def wait():
    ready()
    threading.Event().wait()

@flow
async def pipeline():
    await asyncio.sleep(0)
    wait()

asyncio.run(pipeline())
"""

WAITING_FOR_A_FUTURE = """
@task
def wait():
    ready()
    threading.Event().wait()

@flow
def pipeline():
    wait.submit().result()

pipeline()
"""

WAITING_AT_THE_END = """
@task
def wait():
    ready()
    threading.Event().wait()

@flow
def pipeline():
    wait.submit()

pipeline()
"""

PROGRAMS = {
    "task": WAITING_TASK,
    "coroutine": WAITING_COROUTINE,
    "sync task in a coroutine": SYNC_TASK_IN_COROUTINE,
    "future": WAITING_FOR_A_FUTURE,
    "end of the flow": WAITING_AT_THE_END,
}


def start(program: str, home: Path) -> subprocess.Popen[str]:
    """Run a program with a home of its own."""
    environment = {**os.environ, "HEADRACE_HOME": str(home)}
    environment.pop("HEADRACE_API_URL", None)
    return subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + program],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


#: How a process that died of the signal is reported.
CODES = {signal.SIGTERM: {143}, signal.SIGINT: {130, -signal.SIGINT}}


@pytest.mark.parametrize(
    ("program", "signum"),
    [
        (program, signum)
        for program in PROGRAMS
        for signum in CODES
        # `asyncio.run` has a handler of its own for SIGINT, which waits for the next `await`.
        if (program, signum) != ("sync task in a coroutine", signal.SIGINT)
    ],
)
def test_a_signal_ends_the_process_with_everything_recorded(
    tmp_path: Path, program: str, signum: signal.Signals
) -> None:
    with start(PROGRAMS[program], tmp_path) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signum)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode in CODES[signum], err
    if signum == signal.SIGTERM:
        assert "Traceback" not in err
    book = Book(tmp_path / "ledger.db")
    assert [run["state_name"] for run in book.flow_runs()] == ["Crashed"]
    assert [run["state_name"] for run in book.task_runs()] == ["Crashed"]
    assert "about to wait" in book.messages()


@pytest.mark.parametrize(
    ("statement", "code"), [("sys.exit(3)", 3), ("raise SystemExit('sorry')", 1)]
)
def test_exiting_within_a_task(tmp_path: Path, statement: str, code: int) -> None:
    program = f"""
@task
def leave():
    {statement}

@flow
def pipeline():
    leave()

pipeline()
"""
    with start(program, tmp_path) as process:
        process.communicate(timeout=30)
    assert process.returncode == code
    book = Book(tmp_path / "ledger.db")
    assert [run["state_name"] for run in book.flow_runs()] == ["Crashed"]
    assert [run["state_name"] for run in book.task_runs()] == ["Crashed"]


def test_a_programs_own_handler_for_sigterm_is_left_alone(tmp_path: Path) -> None:
    program = (
        """
import signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(42))
"""
        + WAITING_TASK
    )
    with start(program, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 42


def test_the_handler_is_gone_after_the_flow(tmp_path: Path) -> None:
    program = """
import signal

@flow
def pipeline():
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL

pipeline()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
    with start(program, tmp_path) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err


def test_tasks_submitted_outside_of_flows_are_waited_for_at_exit(tmp_path: Path) -> None:
    program = """
@task
def slow(number):
    threading.Event().wait(0.05)

for number in range(40):
    slow.submit(number)
"""
    with start(program, tmp_path) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    states = [run["state_name"] for run in Book(tmp_path / "ledger.db").task_runs()]
    assert states == ["Completed"] * 40


def test_tasks_in_forked_children_are_recorded(tmp_path: Path) -> None:
    program = """
import multiprocessing

@task
def square(number):
    return number ** 2

@flow
def pipeline():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(square, range(8)) == [number ** 2 for number in range(8)]
        pool.close()
        pool.join()

pipeline()
"""
    with start(program, tmp_path) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    book = Book(tmp_path / "ledger.db")
    (flow_run,) = book.flow_runs()
    runs = [(run["flow_run_id"], run["state_name"]) for run in book.task_runs()]
    assert runs == [(flow_run["id"], "Completed")] * 8
