"""A flow or task may be given a limit of time for each attempt."""

from __future__ import annotations

import asyncio
import threading

import pytest

from headrace import flow, task
from headrace.exceptions import RunTimedOut
from tests.run_kit import Book


def test_a_task_that_takes_too_long_fails(book: Book) -> None:
    @task(timeout_seconds=0.05)
    def hang() -> None:
        threading.Event().wait(60)

    @flow
    def pipeline() -> None:
        hang()

    with pytest.raises(RunTimedOut):
        pipeline()
    run = book.task_run("hang")
    assert (run["state_type"], run["state_name"]) == ("FAILED", "TimedOut")
    (flow_run,) = book.flow_runs()
    assert flow_run["state_name"] == "TimedOut"
    assert flow_run["state_message"].startswith("Flow run failed due to timeout: TaskRunTimeout")


async def test_an_asynchronous_task_is_cancelled(book: Book) -> None:
    cancelled = []

    @task(timeout_seconds=0.05)
    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    @flow
    async def pipeline() -> None:
        await hang()

    with pytest.raises(TimeoutError):  # RunTimedOut is one
        await pipeline()
    assert cancelled == [True]
    assert book.task_run("hang")["state_name"] == "TimedOut"


def test_the_limit_of_a_flow_holds_within_its_tasks(book: Book) -> None:
    attempts = []

    @task(retries=3)
    def hang() -> None:
        attempts.append(1)
        threading.Event().wait(60)

    @flow(timeout_seconds=0.05)
    def pipeline() -> None:
        hang()

    state = pipeline(return_state=True)
    assert str(state) == "TimedOut('Flow run exceeded timeout of 0.05 second(s)', type=FAILED)"
    assert len(attempts) == 1
    run = book.task_run("hang")
    assert run["state_name"] == "Crashed"
    assert run["state_message"].endswith("the run around it exceeded timeout of 0.05 second(s)")


def test_a_flow_cannot_overlook_that_its_time_is_over(book: Book) -> None:
    caught = []

    @task
    def hang() -> None:
        threading.Event().wait(60)

    @flow(timeout_seconds=0.05)
    def pipeline() -> int:
        for _ in range(3):
            try:
                hang()
            except Exception as error:
                caught.append(error)
        return 1

    with pytest.raises(RunTimedOut):
        pipeline()
    assert caught == []
    assert book.flow_runs()[0]["state_name"] == "TimedOut"
