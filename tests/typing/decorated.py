"""What type checkers see of decorated functions; checked by `mypy`, never run.

Each `type: ignore` marks a mistake that has to be found: an unused one is an error.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any, assert_type

from headrace import Flow, HeadraceFuture, State, Task, flow, get_run_logger, task, unmapped
from headrace.futures import HeadraceFutureList, as_completed, wait
from headrace.logging import HeadraceLogAdapter
from headrace.tasks import exponential_backoff


@task
def plain(number: int, text: str = "") -> float:
    return number / 2


@task(retries=3, retry_delay_seconds=[1, 2])
def with_options(number: int) -> list[int]:
    return [number]


@task
async def fetch(url: str) -> bytes:
    return url.encode()


@task
def numbers(count: int) -> Iterator[int]:
    yield from range(count)


@flow
def pipeline(number: int) -> str:
    return str(number)


@flow(name="another", log_prints=True)
async def other(number: int) -> str:
    return str(number)


class Shop:
    @task
    def price(self, item: str) -> float:
        return len(item)

    @flow
    def open(self) -> float:
        return self.price("tea")


def decorators_keep_parameters_and_results() -> None:
    assert_type(plain(1, text="a"), float)
    assert_type(with_options(1), list[int])
    assert_type(pipeline(1), str)
    plain("one")  # type: ignore[call-overload]
    plain(1, texts="a")  # type: ignore[call-overload]
    pipeline()  # type: ignore[call-overload]


def their_types_can_be_named() -> None:
    takes_any_task(plain)
    returns_float: Task[..., float] = plain
    returns_str: Flow[[int], str] = pipeline
    wrong: Task[..., str] = plain  # type: ignore[assignment]
    del returns_float, returns_str, wrong


def takes_any_task(task: Task[..., Any]) -> None:
    assert_type(task.name, str)


async def coroutines_are_awaited() -> None:
    assert_type(await fetch("here"), bytes)
    assert_type(await other(1), str)
    assert_type(await fetch("here", return_state=True), State[bytes])
    calls: Coroutine[Any, Any, bytes] = fetch("here")
    await calls


def futures_know_their_results() -> None:
    assert_type(plain.submit(1), HeadraceFuture[float])
    assert_type(plain.submit(with_options.submit(1)).result(), float)
    assert_type(fetch.submit("here").result(), bytes)
    assert_type(plain.map([1, 2]), HeadraceFutureList[float])
    assert_type(fetch.map(["a"], unmapped(3)).result(), list[bytes])
    assert_type(plain.submit(1, return_state=True), State[float])
    assert_type(fetch.submit("here", return_state=True), State[bytes])
    assert_type(plain.map([1, 2], return_state=True), list[State[float]])
    assert_type(fetch.map(["a"], return_state=True), list[State[bytes]])
    assert_type(wait(plain.map([1])).done, set[HeadraceFuture[float]])
    for future in as_completed(plain.map([1])):
        assert_type(future.result(), float)


async def futures_can_be_awaited() -> None:
    assert_type(await plain.submit(1).result_async(), float)
    assert_type(await plain.submit(1).wait_async(), None)


def options_are_checked() -> None:
    assert_type(plain.with_options(retries=2, tags=["a"])(1), float)
    takes_any_task(plain.with_options(retry_delay_seconds=exponential_backoff(2)))
    plain.with_options(retrys=2)  # type: ignore[call-arg]
    plain.with_options(retries="2")  # type: ignore[arg-type]
    task(retrys=2)  # type: ignore[call-overload]


def generators_are_called_for_their_items() -> None:
    assert_type(numbers(3), Iterator[int])
    for number in numbers(3):
        assert_type(number, int)


def states_know_their_results() -> None:
    assert_type(plain(1, return_state=True), State[float])
    assert_type(plain(1, return_state=True).result(), float)
    assert_type(pipeline(1, return_state=True), State[str])


def methods_lose_their_self() -> None:
    shop = Shop()
    assert_type(shop.price("tea"), float)
    assert_type(shop.price.submit("tea"), HeadraceFuture[float])
    assert_type(shop.open(), float)
    shop.price(3)  # type: ignore[call-overload]


def other_names() -> None:
    assert_type(get_run_logger(), HeadraceLogAdapter)
