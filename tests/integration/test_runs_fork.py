"""Forked children: they submit tasks of their own, and leave those of their parent to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.programs import run
from tests.run_kit import Book

PROLOGUE = """
import multiprocessing
from headrace.exceptions import CrashedRun, MissingResult

@task
def double(number):
    return number * 2

def join(target, *args):
    process = multiprocessing.get_context("fork").Process(target=target, args=args)
    process.start()
    process.join()
    assert process.exitcode == 0

def fork(target):
    process = os.fork()
    if not process:
        target()
        sys.exit(0)
    _, status = os.waitpid(process, 0)
    assert status == 0
"""

SUBMIT_AND_ASK = """
def child():
    assert double.submit(5).result(timeout=60) == 10
"""

OUTSIDE_OF_FLOWS = """
assert double.submit(1).result() == 2
{start}(child)
"""

WITHIN_A_FLOW = """
@flow
def pipeline():
    assert double.submit(1).result() == 2
    {start}(child)

pipeline()
"""


@pytest.mark.parametrize("place", [OUTSIDE_OF_FLOWS, WITHIN_A_FLOW], ids=["outside", "within"])
@pytest.mark.parametrize("start", ["join", "fork"])
def test_a_child_has_threads_of_its_own(tmp_path: Path, place: str, start: str) -> None:
    run(PROLOGUE + SUBMIT_AND_ASK + place.format(start=start), tmp_path)
    book = Book(tmp_path / "ledger.db")
    assert [run["state_name"] for run in book.task_runs()] == ["Completed"] * 2
    # Also where the child left the flow by `sys.exit`: the flow run is the parent's.
    assert {run["state_name"] for run in book.flow_runs()} <= {"Completed"}
    assert len({run["flow_run_id"] for run in book.task_runs()}) == 1


@pytest.mark.parametrize("place", [OUTSIDE_OF_FLOWS, WITHIN_A_FLOW], ids=["outside", "within"])
@pytest.mark.parametrize("start", ["join", "fork"])
def test_a_child_does_not_end_before_what_it_has_submitted(
    tmp_path: Path, place: str, start: str
) -> None:
    child = """
@task
def slow():
    threading.Event().wait(0.05)

def child():
    slow.submit()
"""
    run(PROLOGUE + child + place.format(start=start), tmp_path)
    states = {run["name"]: run["state_name"] for run in Book(tmp_path / "ledger.db").task_runs()}
    assert states == {"double": "Completed", "slow": "Completed"}


def test_a_child_asks_though_a_thread_of_its_parent_was_about_to(tmp_path: Path) -> None:
    asking = """
import signal
from headrace.client import saved, shared

def child():
    signal.alarm(30)
    assert shared.ask_and_wait(saved.variable("nothing")) is None

shared.ask_and_wait(saved.variable("nothing"))
with shared._changing:
    fork(child)
"""
    run(PROLOGUE + asking, tmp_path)


HELD_TASK = """
gate = threading.Event()

@task
def held():
    gate.wait()
    return 1

def child():
    try:
        future.result()
    except MissingResult as error:
        assert "forked" in str(error)
    else:
        raise AssertionError
    # What needs it cannot start.
    try:
        double.submit(future).result()
    except Exception as error:
        assert "forked" in str(error.__cause__.__cause__)
    else:
        raise AssertionError
"""

HELD_OUTSIDE_OF_FLOWS = """
future = held.submit()
{start}(child)
gate.set()
"""

HELD_WITHIN_A_FLOW = """
@flow
def pipeline():
    global future
    future = held.submit()
    {start}(child)
    gate.set()

pipeline()
"""


@pytest.mark.parametrize(
    "place", [HELD_OUTSIDE_OF_FLOWS, HELD_WITHIN_A_FLOW], ids=["outside", "within"]
)
@pytest.mark.parametrize("start", ["join", "fork"])
def test_a_child_does_not_wait_for_its_parents_tasks(
    tmp_path: Path, place: str, start: str
) -> None:
    run(PROLOGUE + HELD_TASK + place.format(start=start), tmp_path)
    states = {
        run["task_name"]: run["state_name"] for run in Book(tmp_path / "ledger.db").task_runs()
    }
    assert states == {"held": "Completed", "double": "NotReady"}


def test_a_child_that_leaves_a_run_by_an_error_leaves_it_to_its_parent(tmp_path: Path) -> None:
    program = """
@task(retries=3)
def forks():
    process = os.fork()
    if not process:
        raise ValueError("in the child")
    os.waitpid(process, 0)

@flow
def pipeline():
    forks()

try:
    pipeline()
except ValueError:
    sys.exit(0)
"""
    run(PROLOGUE + program, tmp_path)
    book = Book(tmp_path / "ledger.db")
    assert [book.history(run) for run in book.task_runs()] == [["Running", "Completed"]]
    assert [book.history(run) for run in book.flow_runs()] == [["Pending", "Running", "Completed"]]


def test_children_draw_names_of_their_own(tmp_path: Path) -> None:
    program = """
@flow
def pipeline():
    pass

pipeline()
for number in range(6):
    join(pipeline)
"""
    run(PROLOGUE + program, tmp_path)
    names = {run["name"] for run in Book(tmp_path / "ledger.db").flow_runs()}
    # Two of some 25,000 may be the same by chance, but not more.
    assert len(names) >= 6


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
    run(program, tmp_path)
    book = Book(tmp_path / "ledger.db")
    (flow_run,) = book.flow_runs()
    runs = [(run["flow_run_id"], run["state_name"]) for run in book.task_runs()]
    assert runs == [(flow_run["id"], "Completed")] * 8
