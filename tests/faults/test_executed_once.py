"""A run is executed once for each of its attempts, whatever is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.client import operations, work
from tests.acceptance.scripts import Workplace
from tests.faults.processes import Service

DEPLOY = """
import os, pathlib, signal
from headrace import flow

@flow(retries=1)
def deadly(service: int):
    os.kill(service, signal.SIGKILL)  # before a word of the run can have been sent
    print("executed", flush=True)

deadly.deploy("d", work_pool_name="pool")
"""
WORKER = ("-m", "headrace", "worker", "start", "--pool", "pool")


@pytest.fixture
def place(service: Service, tmp_path: Path) -> Workplace:
    """A folder whose deployment waits in a pool of the service."""
    made = Workplace(tmp_path, service.url)
    made.write("deploy.py", DEPLOY)
    made.headrace("work-pool", "create", "pool")
    assert made.run("deploy.py")[0] == 0
    return made


def test_a_run_that_ends_while_its_service_is_away_is_not_executed_again(
    service: Service, place: Workplace
) -> None:
    wanted = {"deployment": "deadly/d", "parameters": {"service": service.pid}}
    with place.started(*WORKER) as worker:
        place.ask(work.create_flow_run(wanted))
        worker.hear("is over, and stays")  # says its process, which waits for nothing else
        service.restart()
        place.until(lambda: place.runs("COMPLETED"), "it has completed")
        worker.interrupt()
        code, out, err = worker.finish()
    assert (code, out) == (0, "executed\n"), err
    (run,) = place.ask(operations.flow_runs())["nodes"]
    assert run["runCount"] == 1
