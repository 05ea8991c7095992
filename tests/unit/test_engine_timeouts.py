"""Limits of time, one within the other, and code that gets in their way."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
import traceback
from typing import Any

import pytest

from headrace import State, flow, task
from headrace.exceptions import FlowRunTimeoutError, RunTimedOut
from headrace.futures import wait
from headrace.records import FlowRunChanged, LogLine, TaskRunChanged
from headrace.task_runners import ThreadPoolTaskRunner
from tests.run_kit import ListRecorder

SHORT, LONG = 0.05, 60.0


def hang() -> None:
    threading.Event().wait(LONG)


def ends(recorder: ListRecorder) -> list[str]:
    """The names of the final states, in order."""
    return [
        record.state.name
        for record in recorder.records
        if isinstance(record, FlowRunChanged | TaskRunChanged) and record.state.type.is_terminal
    ]


def messages(recorder: ListRecorder) -> str:
    """All log lines."""
    return "\n".join(record.message for record in recorder.records if isinstance(record, LogLine))


@pytest.fixture(autouse=True)
def same_alarm() -> Any:
    """The process's alarm clock is afterwards as it was before."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) is before


def test_code_that_swallows_everything_has_timed_out_nevertheless(recorder: ListRecorder) -> None:
    @flow(timeout_seconds=SHORT)
    def pipeline() -> int:
        try:
            hang()
        except BaseException:
            return 1
        return 2

    with pytest.raises(RunTimedOut):
        pipeline()
    assert ends(recorder) == ["TimedOut"]


def test_an_error_on_the_way_out_is_the_cause(recorder: ListRecorder) -> None:
    @flow(timeout_seconds=SHORT)
    def pipeline() -> None:
        try:
            hang()
        finally:
            raise ValueError("cannot clean up")

    with pytest.raises(RunTimedOut, match=r"timed out after 0\.05 second") as caught:
        pipeline()
    assert isinstance(caught.value.__cause__, ValueError)
    assert ends(recorder) == ["TimedOut"]


async def test_a_coroutine_that_swallows_its_cancellation(recorder: ListRecorder) -> None:
    @flow(timeout_seconds=SHORT)
    async def pipeline() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 1
        return 2

    with pytest.raises(RunTimedOut):
        await pipeline()
    assert ends(recorder) == ["TimedOut"]


def test_all_runs_between_the_limit_and_the_code_end(recorder: ListRecorder) -> None:
    wait = task(hang, name="wait")  # type: ignore[call-overload]

    @flow(retries=2)
    def inner() -> None:
        wait()

    @task(retries=2, timeout_seconds=LONG)
    def middle() -> None:
        inner()

    @flow(timeout_seconds=SHORT)
    def outer() -> None:
        middle()

    state: State[Any] = outer(return_state=True)
    assert state.name == "TimedOut"
    assert ends(recorder) == ["Crashed", "Crashed", "Crashed", "TimedOut"]


def test_the_limit_within_is_the_shorter_one(recorder: ListRecorder) -> None:
    wait = task(hang, name="wait", timeout_seconds=SHORT)  # type: ignore[call-overload]

    @flow(timeout_seconds=LONG)
    def pipeline() -> str:
        state: State[Any] = wait(return_state=True)
        return state.name

    assert pipeline() == "TimedOut"
    assert ends(recorder) == ["TimedOut", "Completed"]


def test_a_limit_goes_on_after_one_within_it(recorder: ListRecorder) -> None:
    wait = task(hang, name="wait", timeout_seconds=SHORT)  # type: ignore[call-overload]

    @flow(timeout_seconds=4 * SHORT)
    def pipeline() -> None:
        while True:
            wait(return_state=True)

    with pytest.raises(RunTimedOut):
        pipeline()
    assert ends(recorder)[-1] == "TimedOut"


def test_it_is_told_where_the_time_ran_out(recorder: ListRecorder) -> None:
    @flow(timeout_seconds=SHORT)
    def pipeline() -> None:
        hang()

    with pytest.raises(RunTimedOut) as caught:
        pipeline()
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames.count("hang") == 1


def test_an_error_in_time_is_left_as_it_is(recorder: ListRecorder) -> None:
    @task(timeout_seconds=LONG)
    def broken() -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904  # that it has a context is the point

    with pytest.raises(ValueError, match="second") as caught:
        broken()
    assert isinstance(caught.value.__context__, KeyError)
    assert not caught.value.__suppress_context__


# --- in other threads than the main one --------------------------------------------------------


def spin() -> None:
    while True:
        time.sleep(0.001)


def test_a_submitted_task_is_interrupted(recorder: ListRecorder) -> None:
    cleaned = threading.Event()

    @task(timeout_seconds=SHORT)
    def busy() -> None:
        try:
            spin()
        finally:
            cleaned.set()

    future = busy.submit()
    future.wait()
    assert str(future.state) == (
        "TimedOut('Task run exceeded timeout of 0.05 second(s)', type=FAILED)"
    )
    assert cleaned.is_set()
    assert "cannot be interrupted" not in messages(recorder)


def test_a_submitted_task_that_cannot_be_interrupted_is_left(recorder: ListRecorder) -> None:
    gate, went_on = threading.Event(), threading.Event()

    @task(timeout_seconds=SHORT, retries=1)
    def blocked() -> None:
        gate.wait()
        went_on.set()

    future = blocked.submit()
    future.wait()
    assert future.state.name == "TimedOut"
    assert messages(recorder).count("cannot be interrupted") == 2
    assert ends(recorder) == ["TimedOut"]
    gate.set()


def test_an_error_in_a_limited_thread(recorder: ListRecorder) -> None:
    @task(timeout_seconds=LONG)
    def broken(value: int) -> int:
        if value:
            raise KeyError(value)
        return value

    assert broken.submit(0).result() == 0
    with pytest.raises(KeyError):
        broken.submit(1).result()


def test_the_limit_around_ends_what_is_within(recorder: ListRecorder) -> None:
    inner = task(spin, name="inner", timeout_seconds=LONG)  # type: ignore[call-overload]

    @task(timeout_seconds=SHORT)
    def outer() -> None:
        inner()

    future = outer.submit()
    future.wait()
    assert future.state.name == "TimedOut"
    assert ends(recorder) == ["Crashed", "TimedOut"]


def test_the_limit_of_a_flow_ends_its_submitted_tasks(recorder: ListRecorder) -> None:
    gate = threading.Event()
    busy = task(spin, name="busy")  # type: ignore[call-overload]
    blocked = task(gate.wait, name="blocked")  # type: ignore[call-overload]

    @task
    async def waiting() -> None:
        await asyncio.Event().wait()

    queued = task(gate.wait, name="queued")  # type: ignore[call-overload]

    @flow(timeout_seconds=4 * SHORT, task_runner=ThreadPoolTaskRunner(max_workers=3))
    def pipeline() -> None:
        futures = [busy.submit(), waiting.submit(), blocked.submit(), queued.submit()]
        wait(futures)

    with pytest.raises(FlowRunTimeoutError, match=r"Scope timed out after 0\.2 second"):
        pipeline()
    assert ends(recorder) == ["Crashed"] * 4 + ["TimedOut"]
    assert "was cancelled by the runtime environment" in messages(recorder)
    gate.set()


def test_another_attempt_has_threads_again(recorder: ListRecorder) -> None:
    attempts = []
    busy = task(spin, name="busy")  # type: ignore[call-overload]

    @task
    def quick() -> int:
        return 1

    @flow(timeout_seconds=2 * SHORT, retries=1)
    def pipeline() -> int:
        attempts.append(1)
        return (quick if len(attempts) > 1 else busy).submit().result()

    assert pipeline() == 1
