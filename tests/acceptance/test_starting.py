"""How processes of runs are started: forked from a warm one, and how it goes on when that dies."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import uuid_utils.compat as uuids

from headrace.records import now_micros
from headrace.runner.host import Host
from headrace.runner.jobs import Job
from headrace.runner.starting import CAN_FORK, Starter
from headrace.settings import get_settings
from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import Claimant, claim
from headrace_service.ledger.deployments import DeploymentInput, DeploymentRow, apply_deployment
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.work_pools import WorkerCall, keep_worker
from tests.recorder_kit import PATIENCE

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are not forked here")

FLOW = """
import os, pathlib, time
from headrace import flow

@flow
def told(then: str):
    pathlib.Path("begun").write_text(f"{os.getppid()} {os.getpgid(0) == os.getpid()}")
    if then == "exit":
        os._exit(3)
    while then == "wait" and not pathlib.Path("go").exists():
        time.sleep(0.02)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a flow that tells whose child its process is, and a home of its own."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    get_settings.cache_clear()
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path


def ledger_of(place: Path) -> Ledger:
    (place / "home").mkdir(exist_ok=True)
    return Ledger.open(place / "home" / "ledger.db")


def deployed(ledger: Ledger, place: Path, then: str) -> DeploymentRow:
    """The deployment of the flow, with a run that is due."""
    wanted = DeploymentInput(
        flow_name="told", name="d", entrypoint="flow.py:told", folder=str(place)
    )
    owner = ledger.write(apply_deployment, wanted).result()
    ledger.write(create_run, RunRequest("told/d", parameters={"then": then})).result()
    return owner


def job(place: Path, then: str = "end") -> Job:
    """A run that a worker has claimed of the ledger."""
    with closing(ledger_of(place)) as ledger:
        owner = deployed(ledger, place, then)
        worker = Claimant(uuids.uuid7(), deployment_ids=[owner.id], holding=frozenset())
        call = WorkerCall(worker.worker_id, f"w{worker.worker_id}", None, "mill", 1, 1.0)
        ledger.write(keep_worker, call).result()
        (run,) = ledger.write(claim, worker, now_micros()).result()
    return Job(
        flow_run_id=run.flow_run_id,
        name=run.name,
        epoch=run.epoch,
        run_count=run.run_count,
        parameters={"then": then},
        deployment_id=owner.id,
        deployment_name=owner.name,
        deployment_version=None,
        entrypoint="flow.py:told",
        folder=str(place),
        bundle_key=None,
    )


async def told(place: Path) -> tuple[int, bool]:
    """What the flow says, once it does: its parent, and whether it heads a group of its own."""
    path = place / "begun"
    async with asyncio.timeout(PATIENCE):
        while not (path.exists() and path.read_text()):  # noqa: ASYNC110  # another process's file
            await asyncio.sleep(0.01)
    parent, heads = path.read_text().split()
    path.unlink()
    return int(parent), heads == "True"


def warm_one(starter: Starter) -> int:
    return starter._warm[-1]._process.pid


async def has_asked(starter: Starter) -> None:
    """Wait until it has asked the warm process for something."""
    while not starter._warm[-1]._asked:  # noqa: ASYNC110  # it is made for a test alone
        await asyncio.sleep(0)


def children(pid: int) -> set[int]:
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def test_a_run_gets_a_fork_of_the_warm_process(place: Path) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place), {})
        assert await told(place) == (warm_one(starter), True)
        assert await process.wait() == 0


async def test_a_variable_that_counts_as_python_starts_gets_an_interpreter_of_its_own(
    place: Path,
) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place), {"PYTHONHASHSEED": "0"})
        assert await told(place) == (os.getpid(), True)
        assert await process.wait() == 0


async def test_how_a_fork_ended_is_told(place: Path) -> None:
    async with Starter() as starter:
        exits, waits = [await starter.start(job(place, then), {}) for then in ("exit", "wait")]
        assert await exits.wait() == 3
        os.kill(waits.pid, signal.SIGKILL)
        assert await waits.wait() == -signal.SIGKILL


async def test_runs_go_on_and_others_begin_when_the_warm_process_has_died(place: Path) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place, "wait"), {})
        first = warm_one(starter)
        assert await told(place) == (first, True)
        os.kill(first, signal.SIGKILL)
        other = await starter.start(job(place), {})
        assert (await told(place))[0] != first
        assert await other.wait() == 0
        (place / "go").touch()
        assert await process.wait() is None  # nobody saw how


@pytest.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """What the event loop has been told of, since nobody else wanted to hear it."""
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: heard.append(str(told)))
    yield heard
    asyncio.get_running_loop().set_exception_handler(None)


async def test_a_start_that_is_cancelled_leaves_no_process(
    place: Path, complaints: list[str]
) -> None:
    async with Starter() as starter:
        first = await starter.start(job(place, "wait"), {})
        await told(place)
        os.kill(warm_one(starter), signal.SIGSTOP)
        cancelled = asyncio.create_task(starter.start(job(place, "wait"), {}))
        await has_asked(starter)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        os.kill(warm_one(starter), signal.SIGCONT)
        last = await starter.start(job(place, "wait"), {})
        async with asyncio.timeout(PATIENCE):
            while children(warm_one(starter)) != {first.pid, last.pid}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        (place / "go").touch()
        assert (await first.wait(), await last.wait()) == (0, 0)
    gc.collect()
    assert complaints == []


async def test_what_was_asked_of_a_warm_process_that_has_died_is_started_otherwise(
    place: Path, complaints: list[str]
) -> None:
    async with Starter() as starter:
        assert await (await starter.start(job(place), {})).wait() == 0
        (place / "begun").unlink()
        os.kill(warm_one(starter), signal.SIGSTOP)
        asked = asyncio.create_task(starter.start(job(place), {}))
        await has_asked(starter)
        os.kill(warm_one(starter), signal.SIGKILL)
        process = await asked
        assert await told(place) == (os.getpid(), True)
        assert await process.wait() == 0
    gc.collect()
    assert complaints == []


async def test_the_end_of_a_host_is_the_end_of_what_it_knows_of_its_processes(
    place: Path, complaints: list[str]
) -> None:
    async with Starter() as starter:
        process = await starter.start(job(place, "wait"), {})
        waiting = asyncio.create_task(process.wait())
        await told(place)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert process.is_running()
    (place / "go").touch()
    gc.collect()
    assert complaints == []


async def test_a_host_that_is_cancelled_ends_its_processes(
    place: Path, complaints: list[str]
) -> None:
    with closing(ledger_of(place)) as ledger:
        owner = deployed(ledger, place, "wait")
    host = Host("mill", deployment_ids=[owner.id])
    running = asyncio.create_task(host.run())
    await told(place)
    (process,) = host._running.values()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not process.is_running()
    gc.collect()
    assert complaints == []
