"""A task worker asks for each run before it executes it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from headrace import task
from headrace.client import AsyncClient
from headrace.ids import new_id
from headrace.records import TaskClaim
from headrace.task_worker import TaskWorker
from headrace.testing.utilities import headrace_test_harness
from headrace.threads import WorkerPool
from headrace_service.ledger import Ledger
from tests.integration.graphql_kit import ask
from tests.run_kit import Book


@task
def double(number: int) -> int:
    return 2 * number


@pytest.fixture
def ledger_of_its_own() -> Iterator[None]:
    with headrace_test_harness():
        yield


async def state_of(run_id: UUID) -> str:
    """The name of the state that a task run is in."""
    async with AsyncClient() as client:
        run = await client.task_run(run_id)
    assert run is not None
    return str(run["state"]["name"])


def claimed_by(worker: TaskWorker) -> UUID:
    """A run that the worker has claimed, and now asks for."""
    run_id = new_id()
    worker._runs[run_id] = None
    claimed = {"taskKey": double.task_key, "name": "double", "epoch": 1, "awaits": []}
    worker._take(run_id, claimed)
    return run_id


@pytest.mark.parametrize("how", ["it was told to end", "it could take no more runs"])
async def test_no_run_waits_for_an_answer_that_nobody_gives(book: Book, how: str) -> None:
    """The service has the question, and never answers."""
    worker = TaskWorker(double)
    worker._loop = asyncio.get_running_loop()
    claimed_by(worker)
    with closing(socket.create_server(("127.0.0.1", 0))) as service:
        async with AsyncClient(f"http://127.0.0.1:{service.getsockname()[1]}") as client:
            letting = asyncio.create_task(worker._let_begin(client))
            connection, _ = await asyncio.to_thread(service.accept)
            with closing(connection):
                if how == "it was told to end":
                    worker._end()
                letting.cancel()
                await asyncio.gather(letting, return_exceptions=True)
                assert not worker._runs
                claimed_by(worker)  # one that comes later
                assert not worker._runs


async def test_a_run_is_asked_for_by_hand(tmp_path: Path) -> None:
    query = """mutation ($input: BackgroundRunInput!) { enqueueTaskRun(input: $input) {
      __typename ... on TaskRun { id name state { type } } ... on UserError { code field } } }"""
    wanted = {"id": str(new_id()), "taskKey": "k", "taskName": "t", "name": "t-0"}
    ledger = Ledger.open(tmp_path / "ledger.db")
    with closing(ledger):
        asked = await ask(ledger, query, input={**wanted, "arguments": "gAQ="})
        wrong = await ask(ledger, query, input={**wanted, "arguments": "?"})
    found = {"__typename": "TaskRun", "id": wanted["id"], "name": "t-0"}
    assert asked["enqueueTaskRun"] == {**found, "state": {"type": "SCHEDULED"}}
    told = {"__typename": "InvalidInput", "code": "InvalidInput", "field": "arguments"}
    assert wrong["enqueueTaskRun"] == told


@pytest.mark.usefixtures("ledger_of_its_own")
async def test_what_began_as_its_worker_was_ended_has_crashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ledger has let it begin; the answer is under way when the worker is stopped twice."""
    asked, begin = asyncio.Event(), TaskWorker._begin

    async def never_answered(
        self: TaskWorker, client: AsyncClient, claims: list[TaskClaim]
    ) -> set[UUID]:
        await begin(self, client, claims)
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(TaskWorker, "_begin", never_answered)
    future = await asyncio.to_thread(double.delay, 1)
    worker = TaskWorker(double)
    working = asyncio.create_task(worker.astart())
    await asked.wait()
    worker.stop()
    worker.stop()
    await working
    assert await state_of(future.task_run_id) == "Crashed"


@pytest.mark.usefixtures("ledger_of_its_own")
async def test_what_no_thread_had_come_to_crashes_with_its_worker() -> None:
    began, go_on = threading.Event(), threading.Event()

    @task
    def hold() -> None:
        began.set()
        go_on.wait(60)

    futures = [await asyncio.to_thread(hold.delay) for _ in range(2)]
    worker = TaskWorker(hold, limit=2)
    worker._threads = WorkerPool(1, "test")  # as if one of its threads were still busy
    working = asyncio.create_task(worker.astart())
    await asyncio.to_thread(began.wait, 60)
    while not worker._begun:  # noqa: ASYNC110  # it tells nobody
        await asyncio.sleep(0.01)
    worker.stop()
    worker.stop()
    go_on.set()
    await working
    states = {await state_of(future.task_run_id) for future in futures}
    assert "Crashed" in states  # what a thread was at may have ended before it heard of it
    assert states <= {"Crashed", "Completed"}
