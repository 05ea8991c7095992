"""Log lines are kept with the run that wrote them."""

from __future__ import annotations

import pytest

from headrace import flow, get_run_logger, task
from headrace.exceptions import MissingContextError
from tests.run_kit import Book


def test_the_run_logger_writes_lines_of_the_run(book: Book) -> None:
    @task
    def count(names: list[str]) -> None:
        get_run_logger().warning("found %d names", len(names))

    @flow
    def pipeline() -> None:
        get_run_logger().info("starting")
        count(["a", "b"])

    pipeline()
    lines = book.rows("SELECT * FROM log WHERE message IN ('starting', 'found 2 names')")
    starting, found = lines
    assert (starting["level"], starting["task_run_id"]) == (20, None)
    assert (found["level"], found["task_run_id"]) == (30, book.task_run("count")["id"])
    assert starting["flow_run_id"] == found["flow_run_id"] == book.flow_runs()[0]["id"]


def test_there_is_no_run_logger_without_a_run() -> None:
    with pytest.raises(MissingContextError, match="no active flow or task run context"):
        get_run_logger()


def test_prints_can_be_log_lines(book: Book, capfd: pytest.CaptureFixture[str]) -> None:
    @task
    def inherits() -> None:
        print("from", "the task")

    @task(log_prints=False)
    def declines() -> None:
        print("to standard output")

    @flow(log_prints=True)
    def pipeline() -> None:
        inherits()
        declines()

    pipeline()
    assert "from the task" in book.messages()
    assert capfd.readouterr().out == "to standard output\n"
