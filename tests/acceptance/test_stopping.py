"""How a run's process is stopped that does not want to end: step by step, and all of it."""

from __future__ import annotations

import asyncio
import signal

import uuid_utils.compat as uuids

from headrace.client import work
from headrace.liveness import Fate, fate, identity
from headrace.runner.jobs import Job
from headrace.runner.processes import spawn
from tests.acceptance.scripts import Workplace

#: Seconds between SIGTERM and SIGKILL: enough for a process to note what it has got.
GRACE = 2.0

STUBBORN = """
import os, pathlib, subprocess, sys, time
from headrace import flow

CHILD = '''
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, lambda *_: pathlib.Path("child.terminated").touch())
pathlib.Path("child").write_text(str(os.getpid()))
while True:
    time.sleep(0.02)
'''

@flow
def stubborn():
    subprocess.Popen([sys.executable, "-c", CHILD])
    while True:
        try:
            pathlib.Path("begun").touch()
            while True:
                time.sleep(0.02)
        except BaseException:
            pathlib.Path("raised").touch()
"""


def claimed(workplace: Workplace) -> Job:
    """A run of the flow, claimed as a worker does it."""
    workplace.ask(work.create_work_pool("pool"))
    wanted = {"flowName": "stubborn", "name": "d", "workPoolName": "pool"}
    found = {"entrypoint": "stubborn.py:stubborn", "folder": str(workplace.folder)}
    workplace.ask(work.apply_deployment({**wanted, **found}))
    workplace.ask(work.create_flow_run({"deployment": "stubborn/d"}))
    asked = {
        "workerId": str(uuids.uuid7()),
        "workerName": "w",
        "workPoolName": "pool",
        "host": "here",
        "pid": 1,
        "leaseSeconds": 60,
        "limit": 1,
    }
    (run,) = workplace.ask(work.claim_flow_runs(asked))["runs"]
    return Job.of(run)


def test_a_run_that_resists_hears_of_it_then_its_group_is_terminated_then_killed(
    workplace: Workplace,
) -> None:
    workplace.write("stubborn.py", STUBBORN)
    job, folder = claimed(workplace), workplace.folder
    begun, child = folder / "begun", folder / "child"

    def pid() -> int:
        return int(child.read_text() or 0) if child.exists() else 0

    async def stop() -> tuple[int | None, str]:
        process = await spawn(job, workplace.environment)
        await asyncio.to_thread(
            workplace.until, lambda: begun.exists() and pid(), "both have begun"
        )
        descendant = identity(pid())
        process.end(GRACE)
        process.end(0.0)  # asking again hurries nothing
        return await process.wait(), descendant

    code, descendant = asyncio.run(stop())
    # Each step was taken, and only the last one ended it.
    assert (folder / "raised").exists()
    assert (folder / "child.terminated").exists()
    assert code == -signal.SIGKILL
    workplace.until(lambda: fate(descendant) is Fate.ENDED, "what it had started has ended as well")
