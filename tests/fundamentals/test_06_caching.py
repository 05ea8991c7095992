"""A task with a `cache_key_fn` runs once for each key; later calls get the kept result."""

from __future__ import annotations

import datetime

from headrace import flow, task
from headrace.tasks import task_input_hash
from tests.run_kit import Book, VirtualClock


def test_equal_arguments_run_once(book: Book) -> None:
    ran = []

    @task(cache_key_fn=task_input_hash)
    def query(sql: str) -> list[int]:
        ran.append(sql)
        return [42]

    @flow
    def pipeline() -> list[list[int]]:
        return [query("SELECT 1"), query("SELECT 1"), query("SELECT 2")]

    assert pipeline() == [[42], [42], [42]]
    assert ran == ["SELECT 1", "SELECT 2"]
    assert [run["state_name"] for run in book.task_runs()] == ["Completed", "Cached", "Completed"]


def test_results_expire(book: Book, clock: VirtualClock) -> None:
    ran = []

    @task(cache_key_fn=task_input_hash, cache_expiration=datetime.timedelta(hours=1))
    def query() -> None:
        ran.append(1)

    @flow
    def pipeline() -> None:
        query()
        clock.sleep(3599)
        query()
        clock.sleep(2)
        query()

    pipeline()
    assert len(ran) == 2
