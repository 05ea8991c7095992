"""A flow is a function whose calls are runs; a task is a step in it. Both are called as ever."""

from __future__ import annotations

import re

import pytest

from headrace import flow, task
from tests.run_kit import Book


@task
def fetch(url: str) -> list[dict[str, object]]:
    return [{"url": url, "active": True}, {"url": url, "active": False}]


@task
def process(records: list[dict[str, object]]) -> list[dict[str, object]]:
    return [record for record in records if record["active"]]


@flow(name="My Pipeline")
def pipeline(url: str) -> list[dict[str, object]]:
    return process(fetch(url))


def test_calling_a_flow_returns_its_value(book: Book) -> None:
    assert pipeline("here") == [{"url": "here", "active": True}]


def test_what_ran_is_on_record(book: Book) -> None:
    pipeline("here")
    (run,) = book.flow_runs()
    assert (run["flow"], run["state_name"]) == ("My Pipeline", "Completed")
    assert [step["name"] for step in book.task_runs()] == ["fetch", "process"]
    assert {step["state_name"] for step in book.task_runs()} == {"Completed"}


def test_log_lines_go_to_standard_error(book: Book, capfd: pytest.CaptureFixture[str]) -> None:
    pipeline("here")
    out, err = capfd.readouterr()
    assert out == ""
    name = book.flow_runs()[0]["name"]
    time = r"\d\d:\d\d:\d\d\.\d{3}"
    expected = [
        f"headrace.engine - Created flow run '{name}' for flow 'My Pipeline'",
        "Task run 'fetch' - Finished in state Completed()",
        "Task run 'process' - Finished in state Completed()",
        f"Flow run '{name}' - Finished in state Completed()",
    ]
    for line, text in zip(err.splitlines(), expected, strict=True):
        assert re.fullmatch(rf"{time} \| INFO    \| {re.escape(text)}", line)


def test_later_calls_of_a_task_are_numbered(book: Book) -> None:
    @flow
    def three() -> None:
        for page in "abc":
            fetch(page)

    three()
    assert [run["name"] for run in book.task_runs()] == ["fetch", "fetch-1", "fetch-2"]


def test_a_task_called_outside_of_a_flow_is_a_run_of_its_own(book: Book) -> None:
    assert process([{"active": 1}]) == [{"active": 1}]
    from headrace.recorder import get_recorder

    get_recorder().flush(10)
    (run,) = book.task_runs()
    assert (run["flow_run_id"], run["state_name"]) == (None, "Completed")
