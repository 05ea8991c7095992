"""Generator functions are tasks and flows, too: their items come one by one, as they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from headrace import flow, task
from tests.run_kit import Book


@task
def pages(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"page {number}"


@task
async def ticks(count: int) -> AsyncIterator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        yield number


def test_items_come_as_they_are_made(book: Book) -> None:
    made = []

    @task
    def make() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    @flow
    def pipeline() -> list[int]:
        taken = []
        for number in make():
            assert made[-1] == number  # the next one is not made yet
            taken.append(number)
        return taken

    assert pipeline() == [0, 1, 2]
    assert book.history(book.task_run("make")) == ["Running", "Completed"]


def test_submitted_they_give_a_list(book: Book) -> None:
    @flow
    def pipeline() -> list[object]:
        return [pages.submit(2).result(), ticks.submit(3).result()]

    assert pipeline() == [["page 0", "page 1"], [0, 1, 2]]


def test_asynchronous_ones(book: Book) -> None:
    @flow
    async def pipeline() -> list[int]:
        return [tick async for tick in ticks(4)]

    assert asyncio.run(pipeline()) == [0, 1, 2, 3]


def test_a_flow_can_be_one(book: Book) -> None:
    @flow
    def crawl(count: int) -> Iterator[str]:
        for page in pages(count):
            yield page.upper()

    assert list(crawl(2)) == ["PAGE 0", "PAGE 1"]
    (run,) = book.flow_runs()
    assert run["state_name"] == "Completed"
    assert book.task_run("pages")["flow_run_id"] == run["id"]
