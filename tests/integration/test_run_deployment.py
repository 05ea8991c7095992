"""`run_deployment`: asked for, waited for, within flows and without."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from headrace import flow
from headrace.client import Client, operations, scheduling, work
from headrace.deployments import arun_deployment, run_deployment
from headrace.exceptions import FlowRunWaitTimeout, ObjectNotFound
from headrace.flow_runs import wait_for_flow_run
from headrace.runner import Runner
from headrace.schedules import Cron, Interval, IntervalSchedule
from headrace.testing.utilities import headrace_test_harness


@flow
def double(n: int, city: str = "Bonn") -> int:
    """The flow that is deployed."""
    if n < 0:
        raise ValueError("too little")
    return 2 * n


@flow
def pay(amount: decimal.Decimal) -> None:
    """What must arrive as it was given."""


@pytest.fixture(autouse=True)
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A ledger of the test's own; run processes find the flow where it stands."""
    monkeypatch.chdir(Path(__file__).parents[2])
    with headrace_test_harness():
        yield


@contextmanager
def served() -> Iterator[Any]:
    """The deployment `double/d`, served from a thread."""
    runner = Runner(limit=2)
    deployment = double.to_deployment("d", parameters={"n": 1}, _sync=True)
    key = runner.add_deployment(deployment, _sync=True)
    thread = threading.Thread(target=lambda: asyncio.run(runner.start()))
    thread.start()
    try:
        yield key
    finally:
        runner.stop()
        thread.join()


def test_a_run_is_waited_for() -> None:
    with served() as key:
        run = run_deployment("double/d", parameters={"n": 4}, tags=["t"], flow_run_name="four")
    assert (run.name, run.parameters, run.tags) == ("four", {"n": 4}, ["t"])
    assert run.state.is_completed()
    assert (run.deployment_id, run.run_count) == (key, 1)


def test_a_failed_run_comes_back_with_its_state() -> None:
    with served():
        run = run_deployment("double/d", parameters={"n": -1})
    assert run.state.is_failed()
    assert "too little" in run.state.message
    with pytest.raises(ValueError, match=r"^too little$"):  # what was raised in another process
        run.state.result()


async def test_in_asynchronous_code_it_is_awaited() -> None:
    with served():
        run = await arun_deployment("double/d")
        assert run.state is not None
        assert run.state.is_completed()
        assert (await run_deployment("double/d")).state.is_completed()


def test_within_a_flow_the_run_belongs_to_it() -> None:
    @flow
    def outer() -> Any:
        return run_deployment("double/d").id

    with served():
        inner = outer()
        apart = run_deployment("double/d", as_subflow=False).id
    with Client() as client:
        run = client.perform(operations.flow_run(inner))
        other = client.perform(operations.flow_run(apart))
    assert run is not None
    assert run["parentFlowRunId"] is not None
    assert other is not None
    assert other["parentFlowRunId"] is None


def test_a_decimal_is_sent_with_every_digit() -> None:
    first, second = (decimal.Decimal(f"0.1234567890123456789{n}") for n in (1, 2))
    pay.to_deployment("d", parameters={"amount": first}, _sync=True).apply()
    for given, amount in (({}, first), ({"amount": second}, second)):
        run = run_deployment("pay/d", parameters=given, timeout=0)
        assert pay.validate_parameters(run.parameters) == {"amount": amount}


def test_what_is_long_is_sent_whole_or_refused() -> None:
    double.to_deployment("d", parameters={"n": 1}, _sync=True).apply()
    city = "Llanfair" * 20_000
    run = run_deployment("double/d", parameters={"city": city}, timeout=0)
    assert run.parameters == {"n": 1, "city": city}
    with pytest.raises(httpx.HTTPStatusError, match="JSON takes"):
        run_deployment("double/d", parameters={"city": city * 120}, timeout=0)


def test_without_anybody_who_serves_it_waits() -> None:
    double.to_deployment("d", parameters={"n": 1}).apply()
    first = run_deployment("double/d", timeout=0, idempotency_key="k")
    assert first.state.is_scheduled()
    assert run_deployment("double/d", timeout=0, idempotency_key="k").id == first.id
    with pytest.raises(httpx.HTTPStatusError, match="something else was asked for under the key"):
        run_deployment("double/d", timeout=0, idempotency_key="k", parameters={"n": 2})
    assert run_deployment("double/d", timeout=0.01).state.is_scheduled()
    with pytest.raises(FlowRunWaitTimeout, match=r"exceeded watch timeout of 0\.01 seconds"):
        asyncio.run(wait_for_flow_run(first.id, timeout=0.01))


def test_what_cannot_be_is_told_before_there_is_a_run() -> None:
    with pytest.raises(ObjectNotFound):
        run_deployment("double/nowhere")
    double.to_deployment("d").apply()
    with pytest.raises(httpx.HTTPStatusError, match="'n' is a required property"):
        run_deployment("double/d", timeout=0)
    with pytest.raises(httpx.HTTPStatusError, match="city: 3 is not of type 'string'"):
        run_deployment("double/d", timeout=0, parameters={"n": 1, "city": 3})
    with pytest.raises(ValueError, match="`timeout` cannot be negative"):
        run_deployment("double/d", timeout=-1)
    with Client() as client:
        assert client.perform(operations.flow_runs())["nodes"] == []


def test_an_interval_that_nobody_anchored_goes_on_when_it_is_deployed_again() -> None:
    def schedules(anchor: datetime.datetime | None = None) -> list[dict[str, Any]]:
        double.to_deployment("d", schedule=Interval(3600, anchor_date=anchor)).apply()
        with Client() as client:
            deployed = client.perform(work.deployment("double/d"))
        assert deployed is not None
        return list(deployed["schedules"])

    first = schedules()
    assert schedules() == first
    (anchored,) = schedules(datetime.datetime(2026, 1, 1, 0, 15, tzinfo=datetime.UTC))
    assert anchored["nextFire"][14:19] == "15:00"
    assert anchored["id"] != first[0]["id"]


def test_a_schedule_that_was_paused_by_hand_stays_so_unless_it_is_deployed_as_active() -> None:
    def active_after(*given: Any) -> list[bool]:
        double.to_deployment("d", schedules=list(given)).apply()
        with Client() as client:
            deployed = client.perform(work.deployment("double/d"))
            assert deployed is not None
            for each in deployed["schedules"]:
                client.perform(scheduling.set_schedule_active(each["id"], False))
        return [each["active"] for each in deployed["schedules"]]

    every = IntervalSchedule(interval=datetime.timedelta(hours=1))  # its anchor is nobody's choice
    cron = Cron("0 8 * * *")
    assert active_after(cron, every) == [True, True]
    assert active_after(cron, every) == [False, False]
    told = {"schedule": Cron("0 8 * * *"), "active": True}
    assert active_after(told, {"schedule": every, "slug": "other"}) == [True, True]
    assert active_after(Cron("0 8 * * *", active=True), every) == [True, True]
