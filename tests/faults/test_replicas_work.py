"""Two replicas of the service on one PostgreSQL database, and a worker at each: they share work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.client import Client, work
from tests.acceptance.scripts import Workplace
from tests.faults.processes import Service
from tests.postgres import Server

DEPLOY = """
from headrace import flow

@flow
def count(number: int = -1):
    print(number, flush=True)

count.deploy("counted", work_pool_name="pool", print_next_steps=False)
count.deploy("ticking", work_pool_name="pool", print_next_steps=False, interval=1)
"""
WORKER = ("-m", "headrace", "worker", "start", "--pool", "pool", "--limit", "8")
RUNS = 40


@pytest.fixture
def replicas(postgres: Server) -> Iterator[list[Service]]:
    """Two services on one database."""
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(Service, [postgres.create()] * 2))
    yield started
    for service in started:
        service.kill()


def test_each_run_is_executed_once_and_each_time_fires_once(
    replicas: list[Service], tmp_path: Path
) -> None:
    one, other = (Workplace(tmp_path, each.url) for each in replicas)
    one.write("deploy.py", DEPLOY)
    one.headrace("work-pool", "create", "pool")
    assert one.run("deploy.py")[0] == 0
    with one.started(*WORKER) as first, other.started(*WORKER) as second:
        with Client(one.api_url) as here, Client(other.api_url) as there:
            for number in range(RUNS):
                wanted = {"deployment": "count/counted", "parameters": {"number": number}}
                (here if number % 2 else there).perform(work.create_flow_run(wanted))
        other.until(lambda: len(all_runs(other, "counted")) == RUNS, "all have completed")
        other.until(lambda: len(all_runs(other, "ticking")) > 2, "the schedule has fired")
        for worker in (first, second):
            worker.interrupt()
        printed = [int(line) for each in (first, second) for line in each.finish()[1].split()]
    assert sorted(number for number in printed if number >= 0) == list(range(RUNS))
    ticks = all_runs(one, "ticking")
    assert len({run["scheduledTime"] for run in ticks}) == len(ticks) == printed.count(-1)
    assert {run["runCount"] for run in ticks + all_runs(one, "counted")} == {1}


def all_runs(place: Workplace, deployment: str) -> list[dict[str, object]]:
    """The runs of a deployment that have completed; runs are called by their deployment."""
    return place.runs("COMPLETED", name=deployment)
