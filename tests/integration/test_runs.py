"""What runs leave in the ledger, read back after they have ended."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from headrace import flow, get_run_logger, task
from headrace.exceptions import UnfinishedRun
from tests.run_kit import Book, VirtualClock


@task
def square(number: int) -> int:
    get_run_logger().info("squaring %d", number)
    return number**2


@task
def total(numbers: list[int], start: int = 0) -> int:
    return sum(numbers) + start


@task
def broken() -> int:
    raise ValueError("no")


def test_a_finished_flow_is_on_record_in_full(book: Book) -> None:
    @flow
    def pipeline(count: int) -> int:
        return total([square(number) for number in range(count)])

    expected = sum(number**2 for number in range(1000))
    assert pipeline(1000) == expected
    # No waiting here: it was all there before the call returned.
    assert Counter(run["state_name"] for run in book.task_runs()) == {"Completed": 1001}
    (run,) = book.flow_runs()
    assert json.loads(run["task_run_counts"])["COMPLETED"] == 1001
    messages = Counter(book.messages())
    assert all(messages[f"squaring {number}"] == 1 for number in range(1000))
    assert messages["Finished in state Completed()"] == 1002


def test_times_and_attempts(book: Book, clock: VirtualClock) -> None:
    attempts = []

    @task(retries=1, retry_delay_seconds=60)
    def flaky() -> None:
        clock.sleep(5)
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("first time")

    @flow
    def pipeline() -> None:
        flaky()

    pipeline()
    run = book.task_run("flaky")
    assert run["run_count"] == 2
    assert run["end_time"] - run["start_time"] == 70_000_000
    events = book.rows("SELECT payload FROM event WHERE subject_id = ? ORDER BY seq", run["id"])
    waiting = json.loads(events[1]["payload"])
    assert (waiting["type"], waiting["message"]) == ("SCHEDULED", "OSError: first time")


def test_submitted_tasks_go_through_all_states(book: Book) -> None:
    @flow
    def pipeline() -> int:
        return total.submit([square.submit(2)], start=square.submit(3)).result()

    assert pipeline() == 13
    run = book.task_run("total")
    assert book.history(run) == ["Pending", "Running", "Completed"]
    assert book.inputs("total") == {"numbers": ["square"], "start": ["square-1"]}


def test_a_task_that_cannot_start_is_failed(book: Book) -> None:
    @flow
    def pipeline() -> None:
        future = total.submit([broken.submit()])
        with pytest.raises(UnfinishedRun):
            future.result()

    pipeline()
    run = book.task_run("total")
    assert book.history(run) == ["Pending", "NotReady"]
    assert (run["state_type"], run["run_count"], run["start_time"]) == ("FAILED", 0, None)
    assert run["state_message"].endswith("did not reach a 'COMPLETED' state.")


def test_a_tree_of_flows(book: Book) -> None:
    @flow
    def leaf(number: int) -> int:
        return square(number)

    @flow
    async def branch(number: int) -> int:
        return leaf(number) + leaf(number + 1)

    @task
    def plant(number: int) -> int:
        return asyncio.run(branch(number))

    @flow
    def root() -> int:
        return plant(1) + plant.submit(3).result()

    assert root() == 1 + 4 + 9 + 16
    top, *rest = book.flow_runs()
    parents = Counter(run["parent_flow_run_id"] for run in rest)
    branches = [run for run in rest if run["flow"] == "branch"]
    assert parents == {top["id"]: 2, branches[0]["id"]: 2, branches[1]["id"]: 2}
    plants = {run["id"] for run in book.task_runs() if run["task_name"] == "plant"}
    assert {run["parent_task_run_id"] for run in branches} == plants
    assert {run["state_name"] for run in book.flow_runs()} == {"Completed"}


def test_cached_runs_are_told_from_others(book: Book) -> None:
    @task(cache_key_fn=lambda run, arguments: "key")
    def query() -> int:
        return 1

    @flow
    def pipeline() -> None:
        query()
        query()

    pipeline()
    run = book.task_run("query-1")
    assert (run["state_type"], run["state_name"], run["run_count"]) == ("COMPLETED", "Cached", 0)
    assert book.messages().count("Finished in state Cached(type=COMPLETED)") == 1


def test_names_and_text_of_all_kinds_are_taken(book: Book) -> None:
    @flow(name="naïve ☃ 'quoted'", tags=["ü", "\ud800"])
    def pipeline(text: str) -> None:
        get_run_logger().info("%s", text)
        square.with_options(name="\ud83d")(2)
        raise ValueError("\udfff" * 70_000)

    with pytest.raises(ValueError, match="\udfff"):
        pipeline("\ud800 and \x00 and ☃")
    (run,) = book.flow_runs()
    assert run["flow"] == "naïve ☃ 'quoted'"
    assert run["state_name"] == "Failed"
    assert "? and \x00 and ☃" in book.messages()
    assert [run["name"] for run in book.task_runs()] == ["?"]
