"""Workers and the service: one is killed and started again, and no run is lost or made twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from headrace.client import Client, operations, work
from headrace.runner.run import bundled
from headrace.settings import get_settings
from tests.acceptance.scripts import Workplace
from tests.faults.processes import Service
from tests.recorder_kit import PATIENCE

DEPLOY = """
from headrace import flow

@flow
def count(number: int):
    print(number, flush=True)

count.deploy("counted", work_pool_name="pool")
"""
RUNS = 50


def completed(place: Workplace, number: int) -> bool:
    """Whether so many runs have completed."""
    return len(place.runs("COMPLETED")) >= number


def test_a_service_that_is_killed_under_queued_runs(service: Service, tmp_path: Path) -> None:
    place = Workplace(tmp_path, service.url)
    place.write("deploy.py", DEPLOY)
    place.headrace("work-pool", "create", "pool")
    assert place.run("deploy.py")[0] == 0
    start = ("-m", "headrace", "worker", "start", "--pool", "pool", "--limit", "8")
    with place.started(*start) as worker:
        for number in range(RUNS):
            place.ask(
                work.create_flow_run(
                    {"deployment": "count/counted", "parameters": {"number": number}}
                )
            )
        place.until(lambda: place.runs("COMPLETED"), "the first has completed")
        service.kill()
        service.restart()
        for number in range(10, RUNS + 1, 10):  # each of the steps may take its time
            there = partial(completed, place, number)
            place.until(there, f"{number} have completed")
        worker.interrupt()
        code, out, err = worker.finish()
    assert code == 0, err
    assert sorted(map(int, out.split())) == list(range(RUNS))


def test_code_is_waited_for_while_the_service_is_away(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace(tmp_path, service.url)
    place.write("deploy.py", DEPLOY)
    place.headrace("work-pool", "create", "pool")
    assert place.run("deploy.py")[0] == 0
    with Client(service.url) as client:
        answer = client.execute("{ deployments { nodes { bundleKey } } }")
    (deployment,) = answer["deployments"]["nodes"]
    service.kill()
    monkeypatch.setenv("HEADRACE_API_URL", service.url)
    get_settings.cache_clear()
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(bundled, deployment["bundleKey"])
        service.restart()
        assert asked.result(PATIENCE).name == "count"
    get_settings.cache_clear()


def test_what_a_killed_worker_has_begun_goes_on(service: Service, tmp_path: Path) -> None:
    place = Workplace(tmp_path, service.url)
    place.write(
        "deploy.py",
        "import pathlib, time\nfrom headrace import flow\n\n"
        "@flow\ndef slow():\n"
        "    pathlib.Path('begun').touch()\n"
        "    while not pathlib.Path('go').exists():\n        time.sleep(0.02)\n\n"
        "slow.deploy('d', work_pool_name='pool')\n",
    )
    place.headrace("work-pool", "create", "pool")
    assert place.run("deploy.py")[0] == 0
    with place.started("-m", "headrace", "worker", "start", "--pool", "pool") as worker:
        place.ask(work.create_flow_run({"deployment": "slow/d"}))
        place.until((tmp_path / "begun").exists, "it has begun")
        worker.process.kill()
        place.write("go", "")
        place.until(lambda: place.runs("COMPLETED"), "it has completed")
        with Client(service.url) as client:
            (run,) = client.perform(operations.flow_runs())["nodes"]
        assert run["runCount"] == 1


def test_a_worker_sends_what_a_process_has_left(service: Service, tmp_path: Path) -> None:
    place = Workplace(tmp_path, service.url)
    place.write(
        "leaves.py",
        "import pathlib, time\nfrom headrace import flow\n\n"
        "@flow\ndef leaves():\n"
        "    print('runs', flush=True)\n"
        "    while not pathlib.Path('go').exists():\n        time.sleep(0.02)\n\n"
        "leaves()\n",
    )
    place.headrace("work-pool", "create", "pool")
    (tmp_path / "go").unlink()
    with place.started("leaves.py") as script:
        place.until(lambda: place.runs("RUNNING"), "it runs")
        service.kill()
        place.write("go", "")
        assert script.finish()[0] == 0
    service.restart()
    with place.started("-m", "headrace", "worker", "start", "--pool", "pool") as worker:
        place.until(lambda: place.runs("COMPLETED"), "its end was sent")
        worker.interrupt()
        assert worker.finish()[0] == 0
