"""Flows and tasks may be coroutine functions, and mix with others."""

from __future__ import annotations

import asyncio

from headrace import flow, task
from tests.run_kit import Book


@task
async def fetch(page: int) -> int:
    await asyncio.sleep(0)
    return page * 10


@task
def add(numbers: list[int]) -> int:
    return sum(numbers)


@flow(name="fetch-all")
async def fetch_all(pages: int) -> int:
    return add(await asyncio.gather(*(fetch(page) for page in range(pages))))


async def test_an_asynchronous_flow_is_awaited(book: Book) -> None:
    assert await fetch_all(4) == 60
    assert book.flow_runs()[0]["state_name"] == "Completed"
    assert len(book.task_runs()) == 5


async def test_subflows_can_be_asynchronous(book: Book) -> None:
    @flow
    async def main() -> list[int]:
        return list(await asyncio.gather(fetch_all(2), fetch_all(3)))

    assert await main() == [10, 30]
    outer, *inner = book.flow_runs()
    assert {run["parent_flow_run_id"] for run in inner} == {outer["id"]}


def test_asynchronous_tasks_can_be_submitted_anywhere(book: Book) -> None:
    @flow
    def main() -> list[int]:
        return fetch.map([1, 2, 3]).result()

    assert main() == [10, 20, 30]
