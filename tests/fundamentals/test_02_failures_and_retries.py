"""What a task raises reaches its caller as ever, once its retries are used up."""

from __future__ import annotations

import pytest

from headrace import flow, task
from tests.run_kit import Book, VirtualClock


def test_an_exception_fails_task_and_flow(book: Book) -> None:
    @task
    def broken() -> None:
        raise ValueError("no such page")

    @flow
    def pipeline() -> None:
        broken()

    with pytest.raises(ValueError, match="no such page"):
        pipeline()
    (run,) = book.flow_runs()
    assert (run["state_type"], run["state_message"]) == (
        "FAILED",
        "Flow run encountered an exception: ValueError: no such page",
    )
    assert book.task_run("broken")["state_message"] == (
        "Task run encountered an exception ValueError: no such page"
    )


def test_a_task_is_tried_again_after_a_delay(book: Book, clock: VirtualClock) -> None:
    attempts = []

    @task(retries=3, retry_delay_seconds=10)
    def unreliable() -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError("no route")
        return "at last"

    @flow
    def pipeline() -> str:
        return unreliable()

    assert pipeline() == "at last"
    assert clock.slept == [10, 10]
    run = book.task_run("unreliable")
    assert run["run_count"] == 3
    assert book.history(run) == [
        "Running",
        "AwaitingRetry",
        "Retrying",
        "AwaitingRetry",
        "Retrying",
        "Completed",
    ]
    assert book.messages().count("Retrying in 10.0 seconds...") == 2


def test_each_retry_may_have_a_delay_of_its_own(book: Book, clock: VirtualClock) -> None:
    @task(retries=3, retry_delay_seconds=[1, 5])
    def broken() -> None:
        raise OSError("disk full")

    @flow
    def pipeline() -> None:
        broken()

    with pytest.raises(OSError, match="disk full"):
        pipeline()
    assert clock.slept == [1, 5, 5]


def test_a_whole_flow_can_be_retried(book: Book, clock: VirtualClock) -> None:
    attempts = []

    @flow(retries=1)
    def pipeline() -> int:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError
        return len(attempts)

    assert pipeline() == 2
    (run,) = book.flow_runs()
    assert book.history(run) == ["Pending", "Running", "AwaitingRetry", "Running", "Completed"]
