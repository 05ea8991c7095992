"""A task worker asks for each run before it executes it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from headrace import task
from headrace.client import AsyncClient
from headrace.ids import new_id
from headrace.task_worker import TaskWorker
from headrace_service.ledger import Ledger
from tests.integration.graphql_kit import ask
from tests.run_kit import Book


@task
def double(number: int) -> int:
    return 2 * number


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
