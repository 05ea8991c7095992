"""Tasks in other processes: real ones, which die too."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from headrace import Task, flow, get_run_logger, tags, task
from headrace.context import FlowRunContext, TaskRunContext
from headrace.exceptions import (
    ProcessDied,
    TaskRunTimeoutError,
    UnpicklableArgument,
    UnpicklableError,
    UnpicklableResult,
)
from headrace.states import State
from headrace.task_runners import ProcessPoolTaskRunner
from tests.integration.programs import run, start
from tests.run_kit import Book

ONE = ProcessPoolTaskRunner(max_workers=1)
TWO = ProcessPoolTaskRunner(max_workers=2)


def ended(task: Task[..., object], *args: object) -> State[object]:
    """The state that a task in another process ends in."""

    @flow(task_runner=ONE)
    def pipeline() -> State[object]:
        future = task.submit(*args)
        future.wait()
        # In a dict, it does not speak for the flow run.
        return {"state": future.state}  # type: ignore[return-value]

    return pipeline()["state"]  # type: ignore[index, no-any-return]


@task
def where() -> int:
    return os.getpid()


def test_tasks_run_in_other_processes(book: Book) -> None:
    @flow(task_runner=TWO)
    def pipeline() -> list[int]:
        return [future.result() for future in [where.submit() for _ in range(8)]]

    processes = set(pipeline())
    assert os.getpid() not in processes
    assert 1 <= len(processes) <= 2
    assert [run["state_name"] for run in book.task_runs()] == ["Completed"] * 8


@task(log_prints=True, tags=["a"])
def tell(number: int) -> tuple[object, ...]:
    print("printed", number)
    get_run_logger().info("logged %d", number)
    flow_run, task_run = FlowRunContext.get(), TaskRunContext.get()
    assert flow_run is not None
    assert task_run is not None
    return flow_run.flow_run.name, task_run.task_run.name, task_run.parameters


def test_the_run_travels_with_its_context_and_its_records_come_back(book: Book) -> None:
    @flow(task_runner=ONE)
    def pipeline() -> tuple[object, ...]:
        return tell.submit(7).result()

    name, task_name, parameters = pipeline()
    assert (name, task_name) == (book.flow_runs()[0]["name"], "tell")
    assert parameters == {"number": 7}
    lines = book.rows(
        "SELECT message FROM log WHERE task_run_id = ? ORDER BY seq", book.task_run("tell")["id"]
    )
    assert [line["message"] for line in lines] == [
        "printed 7",
        "logged 7",
        "Finished in state Completed()",
    ]


@task
def double(number: int) -> int:
    return 2 * number


@flow
def inner(number: int) -> int:
    return double(number)


@task
def tagged() -> None:
    double(1)


def test_tags_hold_within(book: Book) -> None:
    @flow(task_runner=ONE)
    def pipeline() -> None:
        with tags("night"):
            tagged.submit().result()

    pipeline()
    assert [run["tags"] for run in book.task_runs()] == ['["night"]'] * 2


@task
def nests(number: int) -> int:
    double.submit(0)  # nobody waits for it here
    return double(number) + double.submit(number).result() + inner(number)


def test_what_runs_within_is_recorded_too(book: Book) -> None:
    @flow(task_runner=ONE)
    def pipeline() -> list[int]:
        return [future.result() for future in [nests.submit(n) for n in range(3)]]

    assert pipeline() == [0, 6, 12]
    assert {run["state_name"] for run in book.task_runs()} == {"Completed"}
    assert {run["state_name"] for run in book.flow_runs()} == {"Completed"}
    assert len(book.task_runs()) == 3 * 5
    outer, *inners = sorted(book.flow_runs(), key=lambda run: run["parent_flow_run_id"] or b"")
    assert {run["parent_flow_run_id"] for run in inners} == {outer["id"]}


@task
async def asynchronous(number: int) -> int:
    await asyncio.sleep(0)
    return number + 1


def test_coroutines(book: Book) -> None:
    assert ended(asynchronous, 1).result() == 2


class AwkwardError(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class FullError(Exception):
    def __init__(self) -> None:
        super().__init__("full")
        self.lock = threading.Lock()


@task
def fail(kind: type[Exception], *args: object) -> None:
    raise kind(*args)


def test_an_error_comes_back_as_it_is(book: Book) -> None:
    error = ended(fail, AwkwardError, 7, "seven").error
    assert isinstance(error, AwkwardError)
    assert (str(error), error.code) == ("7: seven", 7)
    assert "raise kind(*args)" in str(error.__cause__)
    assert isinstance(ended(fail, OSError, 2, "none").error, FileNotFoundError)


def test_an_error_that_cannot_come_back_is_shown(book: Book) -> None:
    error = ended(fail, FullError).error
    assert isinstance(error, UnpicklableError)
    assert str(error) == "FullError: full"


@task
def give(value: object = None) -> object:
    return value or threading.Lock()


def test_what_cannot_be_pickled_is_named(book: Book) -> None:
    error = ended(give, threading.Lock()).error
    assert isinstance(error, UnpicklableArgument)
    assert str(error).startswith("flow 'pipeline', task 'give': argument 'value' cannot be sent")
    error = ended(give).error
    assert isinstance(error, UnpicklableResult)
    assert str(error).startswith("flow 'pipeline', task 'give': the result cannot be sent back")


@task(retries=1)
def die(file: Path, how: int) -> str:
    if file.exists():
        return "alive"
    file.touch()
    double(1)
    os.kill(os.getpid(), how)
    return "killed"


@task
def leave(code: int) -> None:
    os._exit(code)


def test_a_death_is_a_crash(book: Book) -> None:
    state = ended(leave, 3)
    assert state.is_crashed()
    assert state.message is not None
    assert state.message.endswith("the process that it ran in ended with exit code 3")
    assert isinstance(state.error, ProcessDied)
    assert book.task_run("leave")["state_name"] == "Crashed"


def test_the_pool_goes_on_after_a_death(book: Book, tmp_path: Path) -> None:
    @flow(task_runner=TWO)
    def pipeline() -> list[object]:
        futures: list[object] = [double.submit(n) for n in range(10)]
        dying = die.submit(tmp_path / "been here", signal.SIGKILL)
        futures += [double.submit(n) for n in range(10)]
        return [dying.result(), *[future.result() for future in futures]]  # type: ignore[attr-defined]

    assert pipeline() == ["alive", *[2 * n for n in range(10)] * 2]
    assert book.history(book.task_run("die")) == ["Pending", "Running", "Retrying", "Completed"]


@task
def dies_within() -> None:
    leave(0)


def test_what_runs_in_a_process_that_dies_crashes(book: Book) -> None:
    assert ended(dies_within).is_crashed()
    assert {run["state_name"] for run in book.task_runs()} == {"Crashed"}


@task(timeout_seconds=0.2)
def sleeps(cleaned: Path) -> None:
    try:
        time.sleep(60)
    finally:
        cleaned.touch()


@task(timeout_seconds=0.2)
def hangs() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    threading.Event().wait()


def test_a_limit_of_time(book: Book, tmp_path: Path) -> None:
    state = ended(sleeps, tmp_path / "cleaned")
    assert str(state) == ("TimedOut('Task run exceeded timeout of 0.2 second(s)', type=FAILED)")
    assert isinstance(state.error, TaskRunTimeoutError)
    assert (tmp_path / "cleaned").exists()


def test_a_call_that_cannot_be_interrupted_is_killed(book: Book) -> None:
    @flow(task_runner=ONE)
    def pipeline() -> list[object]:
        first, second = hangs.submit(), double.submit(2)
        return [second.result(), first.state.name]

    assert pipeline() == [4, "TimedOut"]


@task
def begin(name: str) -> str:
    return name + SUFFIX


SUFFIX = ""


def set_suffix(suffix: str) -> None:
    global SUFFIX
    SUFFIX = suffix


def test_an_initializer(book: Book) -> None:
    runner = ProcessPoolTaskRunner(1, initializer=set_suffix, initargs=("!",))

    @flow(task_runner=runner)
    def pipeline() -> str:
        return begin.submit("a").result()

    assert pipeline() == "a!"
    assert SUFFIX == ""


def test_used_by_itself(book: Book) -> None:
    with ProcessPoolTaskRunner(max_workers=1) as runner:
        futures = [runner.submit(double, {"number": number}) for number in range(3)]
    assert [future.result() for future in futures] == [0, 2, 4]


SCRIPT = """
import dataclasses
from headrace.task_runners import ProcessPoolTaskRunner

@dataclasses.dataclass
class Point:
    x: int

class Scale:
    def __init__(self, factor):
        self.factor = factor

    @task
    def apply(self, point):
        return Point(point.x * self.factor)

@task
def recur(n):
    return n if n == 0 else n + recur(n - 1)

@flow(task_runner=ProcessPoolTaskRunner(max_workers=2))
def pipeline():
    offset = 5
    add = task(lambda n: n + offset, name="add")
    point = Scale(3).apply.submit(Point(2))
    print(add.submit(1).result(), point.result() == Point(6), recur.submit(3).result())

# With no guard: the script is not run again.
pipeline()
"""


def test_what_the_script_defines_travels_by_value(tmp_path: Path) -> None:
    assert run(SCRIPT, tmp_path) == "6 True 6\n"


WAITING = """
from headrace.task_runners import ProcessPoolTaskRunner

@task
def wait():
    ready()
    hang()

@flow(task_runner=ProcessPoolTaskRunner(max_workers=2))
def pipeline():
    wait.submit()
    wait.submit().result()

pipeline()
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_all(tmp_path: Path, signum: signal.Signals) -> None:
    with start(WAITING, tmp_path) as process:
        try:
            assert process.stdout is not None
            assert [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
            process.send_signal(signum)
            # The end of its output: no process is left that could write to it.
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode in (130, -signal.SIGINT, 143), err
    book = Book(tmp_path / "ledger.db")
    assert {run["state_name"] for run in book.flow_runs()} == {"Crashed"}
    assert [run["state_name"] for run in book.task_runs()] == ["Crashed"] * 2


def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    with start(WAITING, tmp_path) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
        process.kill()
        # Both outputs end when the last process that has them does.
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL


def test_an_error_shows_where_it_was_raised_in_the_other_process_and_nothing_of_ours(
    book: Book,
) -> None:
    @task
    def divide(number: int) -> float:
        return number / 0

    @flow(task_runner=ProcessPoolTaskRunner(max_workers=1))
    def divides() -> None:
        divide.submit(1).result()

    error: Any = divides(return_state=True).result(raise_on_failure=False)
    shown = "".join(traceback.format_exception(error))
    assert f'{__file__}", line' in str(error.__cause__)
    assert "return number / 0" in str(error.__cause__)
    assert "/headrace/" not in shown
