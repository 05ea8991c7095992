"""Functions for synchronous and asynchronous callers."""

from __future__ import annotations

import asyncio
import inspect
import multiprocessing
import threading
from contextvars import ContextVar

import pytest

from headrace import State, flow, task
from headrace.utilities import asyncutils
from headrace.utilities.asyncutils import (
    dispatched,
    gather,
    is_async_fn,
    is_in_async_context,
    run_coro_as_sync,
    run_sync_in_worker_thread,
    sync,
)
from tests.run_kit import ListRecorder

COLOUR: ContextVar[str] = ContextVar("COLOUR", default="none")


@dispatched
async def double(number: int) -> int:
    """Twice as much."""
    await asyncio.sleep(0)
    return number * 2


class Box:
    def __init__(self, content: int) -> None:
        self.content = content

    @dispatched
    async def read(self) -> int:
        return self.content


def test_synchronous_code_gets_the_result() -> None:
    assert double(2) == 4
    assert Box(3).read() == 3
    assert double.__doc__ == "Twice as much."


async def test_asynchronous_code_gets_a_coroutine() -> None:
    coroutine = double(2)
    assert inspect.iscoroutine(coroutine)
    assert await coroutine == 4
    assert await Box(3).read() == 3
    assert await double.aio(4) == 8
    assert double(2, _sync=True) == 4  # type: ignore[call-arg]  # not in its signature


async def test_the_run_decides_and_not_the_loop(recorder: ListRecorder) -> None:
    @flow
    def synchronous() -> int:
        assert not is_in_async_context()
        value: int = double(5)
        return value

    @task
    async def asynchronous() -> int:
        assert is_in_async_context()
        return int(await double(6))

    assert synchronous() == 10
    assert await asynchronous() == 12


def test_errors_come_through() -> None:
    async def fail() -> None:
        raise LookupError("nothing here")

    with pytest.raises(LookupError, match="nothing here"):
        run_coro_as_sync(fail())


def test_the_context_of_the_caller_goes_along() -> None:
    async def colour() -> str:
        return COLOUR.get()

    token = COLOUR.set("green")
    assert run_coro_as_sync(colour()) == "green"
    COLOUR.reset(token)
    assert run_coro_as_sync(colour()) == "none"


def test_an_interrupted_call_ends_the_coroutine() -> None:
    ended = threading.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    future = asyncutils._own_loop().start(endless())
    assert run_coro_as_sync(asyncio.sleep(0, "the loop has begun it")) == "the loop has begun it"
    future.cancel()
    assert ended.wait(10)


def test_a_coroutine_may_make_synchronous_calls(recorder: ListRecorder) -> None:
    """The hook of a synchronous flow is synchronous code, though it is a coroutine function."""
    found: list[int] = []

    async def hook(flow: object, run: object, state: State[int]) -> None:
        found.append(state.result())

        async def inner() -> None:
            found.append(double(state.result()))

        run_coro_as_sync(inner())

    @flow(on_completion=[hook])
    def synchronous() -> int:
        value: int = double(2)
        return value

    assert synchronous() == 4
    assert synchronous() == 4
    assert found == [4, 8, 4, 8]


def _in_child(pipe: object) -> None:
    pipe.send(double(21))  # type: ignore[attr-defined]


def test_a_forked_child_has_a_loop_of_its_own() -> None:
    assert double(1) == 2
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe()
    child = forking.Process(target=_in_child, args=(there,))
    child.start()
    assert here.poll(10)
    assert here.recv() == 42
    child.join(10)
    assert child.exitcode == 0


async def test_the_other_ways() -> None:
    assert await run_sync_in_worker_thread(lambda: threading.current_thread().name) != "MainThread"
    assert await gather(lambda: double.aio(1), lambda: double.aio(2)) == [2, 4]
    assert await asyncio.to_thread(sync, double.aio, 3) == 6
    assert is_async_fn(double.aio)
    assert not is_async_fn(len)
