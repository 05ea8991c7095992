"""How processes end, and what is then on record: real processes, real signals."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.integration.programs import start
from tests.run_kit import Book

WAITING_TASK = """
@task
def wait():
    ready()
    hang()

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
    hang()

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
    hang()

@flow
def pipeline():
    wait.submit().result()

pipeline()
"""

WAITING_AT_THE_END = """
@task
def wait():
    ready()
    hang()

@flow
def pipeline():
    wait.submit()

pipeline()
"""

WAITING_IN_A_SUBFLOW_IN_A_THREAD = """
@task
def wait():
    ready()
    hang()

@flow
def inner():
    wait()

@task
def start_inner():
    inner()

@flow
def pipeline():
    start_inner.submit().wait()

pipeline()
"""

PROGRAMS = {
    "task": WAITING_TASK,
    "coroutine": WAITING_COROUTINE,
    "sync task in a coroutine": SYNC_TASK_IN_COROUTINE,
    "future": WAITING_FOR_A_FUTURE,
    "end of the flow": WAITING_AT_THE_END,
    "subflow in a thread": WAITING_IN_A_SUBFLOW_IN_A_THREAD,
}


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
    assert {run["state_name"] for run in book.flow_runs()} == {"Crashed"}
    assert {run["state_name"] for run in book.task_runs()} == {"Crashed"}
    assert "about to wait" in book.messages()


TASKS_ALONE = {
    "synchronous": """
@task
def wait():
    ready()
    hang()

wait()
""",
    "asynchronous": """
@task
async def wait():
    ready()
    await asyncio.Event().wait()

asyncio.run(wait())
""",
}


@pytest.mark.parametrize("program", TASKS_ALONE.values(), ids=TASKS_ALONE)
def test_a_task_outside_of_flows_is_terminated(tmp_path: Path, program: str) -> None:
    with start(program, tmp_path) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.terminate()
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 143, err
    assert [run["state_name"] for run in Book(tmp_path / "ledger.db").task_runs()] == ["Crashed"]


def test_what_is_within_ends_before_what_is_around_it(tmp_path: Path) -> None:
    with start(WAITING_IN_A_SUBFLOW_IN_A_THREAD, tmp_path) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.terminate()
            process.communicate(timeout=30)
        finally:
            process.kill()
    book = Book(tmp_path / "ledger.db")
    ends = book.rows(
        "SELECT subject_id FROM event WHERE payload LIKE '%CRASHED%' ORDER BY seq",
    )
    names = {run["id"]: run["flow"] for run in book.flow_runs()}
    names |= {run["id"]: run["name"] for run in book.task_runs()}
    order = [names[row["subject_id"]] for row in ends]
    assert order == ["wait", "inner", "start_inner", "pipeline"]


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


SIDE_BY_SIDE = """
@flow
async def short():
    await asyncio.sleep(0)

@flow
async def long():
    await others[0]
    ready()
    await asyncio.Event().wait()

others = []

async def main():
    others.append(asyncio.create_task(short()))
    await asyncio.sleep(0)
    await asyncio.gather(long(), long(), return_exceptions=True)

asyncio.run(main())
"""


def test_flows_that_run_side_by_side_are_all_terminated(tmp_path: Path) -> None:
    with start(SIDE_BY_SIDE, tmp_path) as process:
        try:
            assert process.stdout is not None
            assert [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
            process.terminate()
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 143, err
    states = {run["state_name"] for run in Book(tmp_path / "ledger.db").flow_runs()}
    assert states == {"Completed", "Crashed"}


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


def test_tasks_submitted_by_tasks_are_waited_for_at_exit(tmp_path: Path) -> None:
    program = """
@task
def second():
    threading.Event().wait(0.05)

@task
def first():
    threading.Event().wait(0.05)
    second.submit()

first.submit()
"""
    with start(program, tmp_path) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    runs = [(run["name"], run["state_name"]) for run in Book(tmp_path / "ledger.db").task_runs()]
    assert runs == [("first", "Completed"), ("second", "Completed")]
