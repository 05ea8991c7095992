"""The runs of generator functions, and the context of those who take their items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from headrace import flow, task
from headrace.context import TaskRunContext
from headrace.records import TaskRunChanged
from headrace.transactions import get_transaction
from tests.run_kit import ListRecorder


def states(recorder: ListRecorder) -> list[str]:
    return [r.state.name for r in recorder.records if isinstance(r, TaskRunChanged)]


def current() -> str | None:
    run = TaskRunContext.get()
    return None if run is None else run.task_run.name


@task
def count() -> Iterator[str | None]:
    for _ in range(3):
        yield current()


@task
async def count_async() -> AsyncIterator[str | None]:
    for _ in range(3):
        yield current()


def test_who_takes_the_items_is_outside_of_the_runs_transaction(recorder: ListRecorder) -> None:
    @task(on_rollback=[lambda transaction: None])
    def count() -> Iterator[bool]:
        yield get_transaction() is not None
        yield get_transaction() is not None

    @flow
    def pipeline() -> None:
        for within in count():
            assert within
            assert get_transaction() is None
        assert get_transaction() is None

    pipeline()


def test_who_takes_the_items_is_outside_of_the_run(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> None:
        for inside in count():
            assert (inside, current()) == ("count", None)
        assert current() is None

    @flow
    async def pipeline_async() -> None:
        async for inside in count_async():
            assert (inside, current()) == ("count_async", None)
        assert current() is None

    pipeline()
    asyncio.run(pipeline_async())


def test_nothing_runs_before_the_first_item_is_taken(recorder: ListRecorder) -> None:
    items = count()
    assert recorder.records == []
    assert next(iter(items)) == "count"
    assert len(recorder.records) == 1


def test_a_run_whose_items_nobody_wants_any_more_has_ended_well(recorder: ListRecorder) -> None:
    closed = []

    @task
    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    @task
    async def endless_async() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    async def take_one() -> None:
        items: Any = endless_async()
        async for _ in items:
            break
        await items.aclose()

    for _ in endless():
        break
    asyncio.run(take_one())
    assert closed == [True, True]
    assert states(recorder) == ["Completed", "Completed"]


def test_a_flow_that_ends_before_its_generators_ends_them(recorder: ListRecorder) -> None:
    @flow
    def pipeline() -> Iterator[Any]:
        items = iter(count())
        next(items)
        return items

    rest = pipeline()
    assert states(recorder) == ["Completed"]
    assert len(list(rest)) == 2
    assert states(recorder) == ["Completed"]


def test_a_failure_comes_where_the_item_would(recorder: ListRecorder) -> None:
    @task
    def breaks() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    @task
    async def breaks_async() -> AsyncIterator[int]:
        yield 1
        raise ValueError("no more")

    async def take() -> list[int]:
        return [item async for item in breaks_async()]

    items = iter(breaks())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)
    with pytest.raises(ValueError, match="no more"):
        asyncio.run(take())
    assert states(recorder) == ["Failed", "Failed"]


def test_a_retry_begins_anew(recorder: ListRecorder) -> None:
    attempts = []

    @task(retries=1, retry_delay_seconds=60)
    def breaks_once() -> Iterator[int]:
        attempts.append(1)
        yield len(attempts)
        if len(attempts) == 1:
            raise OSError

    assert list(breaks_once()) == [1, 2]
    assert states(recorder) == ["AwaitingRetry", "Retrying", "Completed"]


def test_values_can_be_sent_and_returned(recorder: ListRecorder) -> None:
    @task
    def echo() -> Generator[str, str, int]:
        sent = yield "ready"
        yield sent.upper()
        return 5

    def take() -> Generator[str, str, int]:
        return (yield from echo())

    items = take()
    assert next(items) == "ready"
    assert items.send("hello") == "HELLO"
    with pytest.raises(StopIteration) as end:
        next(items)
    assert end.value.value == 5


def test_a_mapped_generator(recorder: ListRecorder) -> None:
    @task
    def up_to(number: int) -> Iterator[int]:
        yield from range(number)

    @flow
    def pipeline() -> Any:
        return up_to.map([1, 2]).result()

    assert pipeline() == [[0], [0, 1]]
