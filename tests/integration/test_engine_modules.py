"""The modules that run flows and tasks as functions, and wait for task runs by their ids."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import pytest

import headrace.main
from headrace import flow, task
from headrace.context import EngineContext, FlowRunContext, get_run_context, get_settings_context
from headrace.exceptions import SignatureMismatchError
from headrace.flow_engine import run_flow, run_flow_async, run_flow_sync
from headrace.input import keyset_from_paused_state
from headrace.recorder import settle
from headrace.settings import get_current_settings
from headrace.states import Paused, Running
from headrace.task_engine import run_task, run_task_async, run_task_sync
from headrace.task_runs import TaskRunWaiter
from tests.run_kit import Book


@task
def double(x: int, /, *more: int, y: int = 1) -> int:
    return 2 * x + y + sum(more)


@task
async def later(x: int) -> int:
    return x


@flow
def pipeline(x: int, y: int = 2) -> int:
    if x < 0:
        raise ValueError("too little")
    return double(x, y=y)


@flow
async def later_pipeline(x: int) -> int:
    return await later(x)


def test_flows_and_tasks_run_by_their_parameters(book: Book) -> None:
    assert run_flow(pipeline, {"x": 3}) == 8
    assert run_flow_sync(pipeline, parameters={"x": 3, "y": 0}) == 6
    assert run_task(double, {"x": 3}, wait_for=[double.submit(1)]) == 7
    assert run_task_sync(double, parameters={"x": 1, "more": (1, 1)}) == 5
    state = run_flow(pipeline, {"x": -1}, return_type="state")
    assert (state.name, state.message) == (
        "Failed",
        "Flow run encountered an exception: ValueError: too little",
    )
    assert run_task(double, {"x": 1}, return_type="state").name == "Completed"
    with pytest.raises(SignatureMismatchError):
        run_flow(pipeline, {"z": 1})


async def test_asynchronous_ones_are_awaited(book: Book) -> None:
    assert await run_flow(later_pipeline, {"x": 4}) == 4
    assert await run_flow_async(later_pipeline, {"x": 5}) == 5
    assert await run_task_async(later, {"x": 6}) == 6
    state = await run_task(later, {"x": 7}, return_type="state")
    assert state.name == "Completed"


async def test_the_end_of_a_task_run_is_told_by_its_id(book: Book) -> None:
    state = double(1, return_state=True)
    settle()
    run_id = state.state_details.task_run_id
    assert run_id is not None
    await TaskRunWaiter.wait_for_task_run(run_id, timeout=60)
    told = threading.Event()
    TaskRunWaiter.add_done_callback(run_id, told.set)
    assert told.wait(60)
    await TaskRunWaiter.wait_for_task_run(UUID(int=1), timeout=0)


def test_names_that_programs_import(book: Book) -> None:
    assert EngineContext is FlowRunContext
    assert get_settings_context().settings == get_current_settings()
    assert all(getattr(headrace, name) is not None for name in headrace.main.__all__)
    assert headrace.main.flow is flow


def test_what_a_paused_run_waits_for_has_keys() -> None:
    state = Paused(pause_key="7")
    assert keyset_from_paused_state(state) == {
        "description": "paused-7-description",
        "response": "paused-7-response",
        "schema": "paused-7-schema",
    }
    with pytest.raises(RuntimeError, match="'RUNNING' is unsupported"):
        keyset_from_paused_state(Running())


def test_what_hooks_may_ask_of_runs(book: Book) -> None:
    told: list[object] = []

    def tell(thing: object, run: Any, state: object) -> None:
        told.append((run.empirical_policy.retries, run.empirical_policy.retry_delay))
        assert run.created == run.expected_start_time <= run.end_time
        assert run.total_run_time == run.end_time - run.created

    @task(retries=2, retry_delay_seconds=[0, 1], on_completion=[tell])
    def step() -> None: ...

    @flow(retries=3, retry_delay_seconds=2, on_completion=[tell], version="v7")
    def outer() -> str | None:
        step()
        return get_run_context().flow_run.flow_version

    assert outer() == "v7"
    assert told == [(2, [0, 1]), (3, 2)]
