"""A wait that could never end is an error that names who waits for whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from headrace import flow, task
from headrace.exceptions import CircularWaitError, UnfinishedRun
from headrace.futures import HeadraceFuture, as_completed, wait
from tests.run_kit import ListRecorder

pytestmark = pytest.mark.usefixtures("recorder")

Board = dict[str, HeadraceFuture[Any]]


class Handed:
    """A future that is handed to a task after it was submitted."""

    def __init__(self) -> None:
        self.future: HeadraceFuture[Any] | None = None
        self._there = threading.Event()

    def give(self, future: HeadraceFuture[Any]) -> None:
        self.future = future
        self._there.set()

    def take(self) -> HeadraceFuture[Any]:
        assert self._there.wait(30)
        assert self.future is not None
        return self.future


@task
def pass_on(value: Any) -> Any:
    return value


def test_a_task_that_waits_for_itself() -> None:
    own = Handed()

    @task
    def narcissus() -> Any:
        return own.take().result()

    @flow(name="myth")
    def pipeline() -> None:
        future = narcissus.submit()
        own.give(future)
        with pytest.raises(CircularWaitError, match="task 'narcissus' in flow run") as caught:
            future.result(timeout=30)
        assert "'narcissus' waits for 'narcissus'" in str(caught.value)
        assert isinstance(caught.value, ValueError)

    pipeline()


@pytest.mark.parametrize("look", [as_completed, wait], ids=["as_completed", "wait"])
def test_a_task_that_waits_for_itself_among_others(look: Callable[..., Any]) -> None:
    own = Handed()

    @task
    def other() -> int:
        return 1

    @task
    def narcissus() -> Any:
        return list(look([other.submit(), own.take()]))

    @flow
    def pipeline() -> None:
        future = narcissus.submit()
        own.give(future)
        with pytest.raises(CircularWaitError, match="task 'narcissus' in flow run"):
            future.result(timeout=30)

    pipeline()


def test_two_tasks_that_wait_for_each_other() -> None:
    handed = {"a": Handed(), "b": Handed()}

    @task
    def wait_for_other(name: str) -> Any:
        return handed[name].take().result()

    @flow
    def pipeline() -> None:
        first, second = wait_for_other.submit("b"), wait_for_other.submit("a")
        handed["a"].give(first)
        handed["b"].give(second)
        errors = {type(future.result(30, raise_on_failure=False)) for future in (first, second)}
        # Whoever comes second is told, and the first one gets the error as the other's result.
        assert errors == {CircularWaitError}

    pipeline()


def test_a_task_that_waits_for_one_that_needs_it() -> None:
    own = Handed()

    @task
    def submit_and_wait() -> Any:
        return pass_on.submit(own.take()).result()

    @task
    def call() -> Any:
        return pass_on(own.take())

    @flow
    def pipeline(waiting: Any) -> Any:
        future = waiting.submit()
        own.give(future)
        return future.result(timeout=30, raise_on_failure=False)

    told = pipeline(submit_and_wait)
    assert "'submit_and_wait' waits for 'pass_on', which waits for 'submit_and_wait'" in str(told)
    own.__init__()  # type: ignore[misc]  # as new
    told = pipeline(call)
    assert isinstance(told, CircularWaitError)


def test_a_coroutine_that_waits_for_itself() -> None:
    own = Handed()

    @task
    async def narcissus() -> Any:
        return await own.take().result_async()

    @flow
    async def pipeline() -> Any:
        future = narcissus.submit()
        own.give(future)
        await future.wait_async()
        return future.result(raise_on_failure=False)

    assert isinstance(asyncio.run(pipeline()), CircularWaitError)


def test_a_wait_with_a_limit_is_no_circle() -> None:
    own = Handed()

    @task
    def patient() -> str:
        with pytest.raises(TimeoutError):
            own.take().result(timeout=0.01)
        return "went on"

    @flow
    def pipeline() -> str:
        future = patient.submit()
        own.give(future)
        return future.result(timeout=30)

    assert pipeline() == "went on"


def test_waits_that_end_are_no_circle(recorder: ListRecorder) -> None:
    @task
    def descend(depth: int, below: Any = None) -> int:
        return 0 if depth == 0 else descend.submit(depth - 1).result() + 1

    @flow
    def pipeline() -> Any:
        chain: HeadraceFuture[Any] = descend.submit(3)
        for _ in range(5):
            chain = descend.submit(2, chain)
        return chain.result()

    assert pipeline() == 2


def test_a_task_whose_upstream_waits_in_a_circle_never_starts() -> None:
    own = Handed()

    @task
    def narcissus() -> Any:
        return own.take().result()

    @flow
    def pipeline() -> None:
        future = narcissus.submit()
        late = pass_on.submit(future)
        own.give(future)
        with pytest.raises(UnfinishedRun):
            late.result(timeout=30)

    pipeline()
