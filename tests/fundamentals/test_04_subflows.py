"""A flow may call flows: each call is a run of its own, below the run that made it."""

from __future__ import annotations

from headrace import flow, task
from tests.run_kit import Book


@task
def validate(data: list[int]) -> bool:
    return len(data) > 0


@flow(name="transform")
def transform(data: list[int]) -> list[int]:
    return [number * 2 for number in data] if validate(data) else []


@flow(name="main")
def main() -> list[int]:
    return transform([1, 2, 3])


def test_a_subflow_returns_its_value(book: Book) -> None:
    assert main() == [2, 4, 6]


def test_a_subflow_is_a_run_below_its_caller(book: Book) -> None:
    main()
    outer, inner = book.flow_runs()
    assert (outer["flow"], inner["flow"]) == ("main", "transform")
    assert inner["parent_flow_run_id"] == outer["id"]
    assert book.task_run("validate")["flow_run_id"] == inner["id"]
    assert f"Created subflow run '{inner['name']}' for flow 'transform'" in book.messages()
