"""Limits of time, one within the other, and code that gets in their way."""

from __future__ import annotations

import asyncio
import signal
import threading
import traceback
from typing import Any

import pytest

from headrace import State, flow, task
from headrace.exceptions import RunTimedOut
from headrace.records import FlowRunChanged, TaskRunChanged
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
