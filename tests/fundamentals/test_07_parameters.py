"""A flow's arguments are checked against its annotations, and converted where that is plain."""

from __future__ import annotations

import datetime

import pytest

from headrace import flow
from headrace.exceptions import ParameterBindError, ParameterTypeError
from tests.run_kit import Book


@flow
def report(day: datetime.date, limit: int = 10) -> tuple[datetime.date, int]:
    return day, limit


def test_text_becomes_what_the_annotation_says(book: Book) -> None:
    # mypy would not let this pass: a command line or a form does.
    arguments: dict[str, object] = {"day": "2026-02-01", "limit": "5"}
    assert report(**arguments) == (datetime.date(2026, 2, 1), 5)  # type: ignore[call-overload]


def test_what_does_not_fit_is_named(book: Book) -> None:
    with pytest.raises(ParameterTypeError, match="limit: Input should be a valid integer"):
        report("2026-02-01", "many")  # type: ignore[call-overload]
    (run,) = book.flow_runs()
    assert (run["state_type"], run["run_count"]) == ("FAILED", 0)


def test_a_call_that_python_would_refuse_makes_no_run(book: Book) -> None:
    with pytest.raises(ParameterBindError, match="missing a required argument: 'day'"):
        report()  # type: ignore[call-overload]
    assert not book.path.exists()


def test_arguments_are_on_record(book: Book) -> None:
    report(datetime.date(2026, 2, 1))
    assert book.flow_runs()[0]["parameters"] == '{"day":"2026-02-01","limit":10}'
