"""A run that no worker has started is cancelled: its own process hears of it, and ends it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from headrace import flow, flow_runs, get_run_logger, pause_flow_run, task
from headrace.cancellation import cancel
from headrace.client import Client, work
from headrace.context import ASSIGNMENT, LiveFlowRun
from headrace.exceptions import CancelledRun
from headrace.recorder import get_recorder
from headrace.settings import get_settings
from tests.recorder_kit import PATIENCE, until
from tests.run_kit import Book, VirtualClock, assigned


def this_run() -> UUID:
    run = LiveFlowRun.get()
    assert run is not None
    return run.id


def cancel_in_ledger(run_id: UUID) -> str:
    """Ask for it as the command line does; the name of the state that it is in then."""
    get_recorder().flush(PATIENCE)
    with Client() as client:
        return str(client.perform(work.cancel_flow_run(run_id))["state"]["name"])


def ends(book: Book) -> dict[str, str]:
    """How the runs of each flow have ended."""
    return {run["flow"]: run["state_type"] for run in book.flow_runs()}


@task
def tick() -> None:
    return None


def test_the_answer_to_what_is_recorded_cancels_a_scripts_run(book: Book) -> None:
    told = []

    @flow(
        retries=3,
        on_cancellation=[lambda flow, run, state: told.append(state.name)],
        on_failure=[lambda flow, run, state: told.append(state.name)],
    )
    def endless() -> None:
        assert cancel_in_ledger(this_run()) == "Cancelling"
        while True:
            get_run_logger().info("on")
            get_recorder().flush(PATIENCE)  # its answer tells
            tick()

    with pytest.raises(CancelledRun, match="was cancelled"):
        endless()
    assert told == ["Cancelling"]
    (run,) = book.flow_runs()
    assert book.history(run) == ["Pending", "Running", "Cancelling", "Cancelled"]
    assert {each["state_type"] for each in book.task_runs()} <= {"COMPLETED"}
    assert not any("Traceback" in message for message in book.messages())


def test_so_does_the_answer_to_a_heartbeat_while_nothing_happens(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_PROCESS_HEARTBEAT", "0.05")
    get_settings.cache_clear()

    @task
    def hang() -> None:
        until(lambda: False, "it is interrupted")

    @flow
    def waits() -> None:
        future = hang.submit()
        cancel_in_ledger(this_run())
        future.result()

    with pytest.raises(CancelledRun):
        waits()
    assert ends(book) == {"waits": "CANCELLED"}
    assert book.task_run("hang")["state_type"] == "CRASHED"


def test_what_runs_within_goes_with_it_and_what_is_around_it_goes_on(book: Book) -> None:
    @flow
    def inner(whom: Callable[[], UUID]) -> None:
        cancel([whom()])
        tick()

    @flow
    def outer(whom: str) -> str:
        run_id = this_run()
        state = inner(this_run if whom == "inner" else lambda: run_id, return_state=True)
        tick()
        return state.name

    assert outer("inner") == "Cancelled"
    assert ends(book) == {"outer": "COMPLETED", "inner": "CANCELLED"}
    with pytest.raises(CancelledRun):
        outer("outer")
    assert [run["state_type"] for run in book.flow_runs()][2:] == ["CANCELLED"] * 2


def test_code_that_comes_to_its_end_without_another_step_has_completed(book: Book) -> None:
    @flow
    def last() -> int:
        cancel([this_run()])
        return 7

    assert last() == 7
    cancel([UUID(bytes=book.flow_runs()[0]["id"])])  # it has ended: nobody is asked
    assert ends(book) == {"last": "COMPLETED"}


def test_a_coroutine_ends_at_its_next_step(book: Book) -> None:
    @task
    async def step() -> None:
        await asyncio.sleep(0)

    @flow
    async def endless() -> None:
        await step()
        cancel([this_run()])
        await step()

    with pytest.raises(CancelledRun):
        asyncio.run(endless())
    assert ends(book) == {"endless": "CANCELLED"}


@pytest.mark.parametrize(("which", "outcome"), [("inner", "FAILED"), ("outer", "CANCELLED")])
def test_a_paused_run_hears_of_it(book: Book, which: str, outcome: str) -> None:
    states: list[str] = []

    def cancel_it(run_id: UUID) -> None:
        until(lambda: book.flow_runs()[-1]["state_name"] == "Paused", "it is paused")
        states.append(cancel_in_ledger(run_id))

    @flow
    def inner(outer_id: UUID) -> None:
        get_recorder().flush(PATIENCE)
        run_id = this_run() if which == "inner" else outer_id
        threading.Thread(target=cancel_it, args=(run_id,)).start()
        pause_flow_run(timeout=PATIENCE)

    @flow
    def outer() -> None:
        inner(this_run())

    with pytest.raises(CancelledRun):
        outer()
    # What is around a run that was cancelled has failed with it.
    assert ends(book) == {"inner": "CANCELLED", "outer": outcome}
    until(lambda: bool(states), "who has asked is answered")
    assert states[0] in ("Cancelling", "Cancelled")  # it may have ended by then


def test_a_paused_run_of_a_worker_that_is_gone_ends_by_itself(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_runs, "WORKER_PATIENCE", 0.0)
    ended_by: list[str] = []

    def cancel_it(run_id: UUID) -> None:
        until(lambda: book.flow_runs()[0]["state_name"] == "Paused", "it is paused")
        assert cancel_in_ledger(run_id) in ("Cancelling", "Cancelled")

    @flow(on_cancellation=[lambda *_: ended_by.append("cancelled")])
    def served() -> None:
        threading.Thread(target=cancel_it, args=(this_run(),)).start()
        pause_flow_run(timeout=PATIENCE)

    ASSIGNMENT.set(assigned("served"))
    with pytest.raises(CancelledRun):
        served()
    assert ends(book) == {"served": "CANCELLED"}
    assert ended_by == ["cancelled"]


def test_a_run_that_waits_for_its_retry_makes_none(
    book: Book, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[UUID] = []
    monkeypatch.setattr(clock, "sleep", lambda seconds: cancel(begun))

    @flow(retries=3, retry_delay_seconds=60)
    def fails() -> None:
        begun.append(this_run())
        raise ValueError

    with pytest.raises(CancelledRun):
        fails()
    assert len(begun) == 1
    assert ends(book) == {"fails": "CANCELLED"}
