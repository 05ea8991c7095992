"""How things stand, watched: all of it at first, then what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headrace_service.server import RunningService, start_in_thread
from tests.builders import enters, flow_run, state
from tests.integration.graphql_kit import Socket, ask, open_socket, take


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningService]:
    running = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    yield running
    await asyncio.to_thread(running.stop)


async def until(socket: Socket, field: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """The first message that says what is wanted; several changes may come in one."""
    while True:
        message: dict[str, Any] = (await socket.next())[field]
        if wanted.items() <= message.items():
            return message


async def test_counts_follow_the_states(service: RunningService) -> None:
    query = """subscription ($filter: FlowRunFilter) {
      counts(filter: $filter) { cursor flowRuns { type count } } }"""
    run = flow_run("etl")

    def told(**counts: int) -> dict[str, Any]:
        kinds = "SCHEDULED PENDING RUNNING COMPLETED FAILED CANCELLED CANCELLING CRASHED PAUSED"
        return {kind: counts.get(kind, 0) for kind in kinds.split()}

    async def next_counts(socket: Socket) -> dict[str, int]:
        message = (await socket.next())["counts"]
        return {one["type"]: one["count"] for one in message["flowRuns"]}

    async with open_socket(service.url) as socket:
        await socket.subscribe(query, filter={"flowName": "etl"})
        assert await next_counts(socket) == told()
        take(service.ledger, run, flow_run("etl"), flow_run("web"))
        assert await next_counts(socket) == told(RUNNING=2)
        take(service.ledger, enters(run, state("FAILED")))
        assert await next_counts(socket) == told(RUNNING=1, FAILED=1)
    bounded = "subscription { counts(countUpTo: 1) { flowRuns { type count } } }"
    async with open_socket(service.url) as socket:
        take(service.ledger, flow_run("etl"))
        await socket.subscribe(bounded)
        assert await next_counts(socket) == told(RUNNING=1, FAILED=1)


async def test_limits_follow_holders_waiters_and_changes(service: RunningService) -> None:
    ledger = service.ledger
    await ask(ledger, 'mutation { createConcurrencyLimit(name: "db", limit: 1) { __typename } }')
    acquire = """mutation ($id: ID!) { acquireSlots(waitSeconds: 0.01, request: {
      leaseId: $id, names: ["db"], holder: {host: "here", pid: 7}}) { __typename } }"""
    query = """subscription { concurrencyLimits { cursor deletedIds limits {
      name limit slotsTaken holders { leaseId } waiters { leaseId } } } }"""
    first, second = (f"0198c0de-0000-7000-8000-00000000000{number}" for number in (1, 2))
    async with open_socket(service.url) as socket:
        await socket.subscribe(query)
        nobody = {"name": "db", "limit": 1, "slotsTaken": 0.0, "holders": [], "waiters": []}
        assert (await socket.next())["concurrencyLimits"]["limits"] == [nobody]
        await ask(ledger, acquire, id=first)
        held = {**nobody, "slotsTaken": 1.0, "holders": [{"leaseId": first}]}
        await until(socket, "concurrencyLimits", {"limits": [held]})
        await ask(ledger, acquire, id=second)
        waiting = {**held, "waiters": [{"leaseId": second}]}
        await until(socket, "concurrencyLimits", {"limits": [waiting]})
        deleted = await ask(
            ledger,
            """mutation { deleteConcurrencyLimit(name: "db") {
              ... on Deleted { id } } }""",
        )
        gone = [deleted["deleteConcurrencyLimit"]["id"]]
        await until(socket, "concurrencyLimits", {"limits": [], "deletedIds": gone})


async def test_limits_tell_of_their_totals_and_of_the_runs_that_have_slots_of_a_key(
    service: RunningService,
) -> None:
    ledger = service.ledger
    for prepare in (
        'createConcurrencyLimit(name: "db", limit: 1)',
        'createWorkPool(name: "pool")',
        """applyDeployment(input: {flowName: "etl", name: "daily", workPoolName: "pool",
          limits: ["db"], key: "{tenant}", parameters: {tenant: "mill"}})""",
    ):
        await ask(ledger, f"mutation {{ {prepare} {{ __typename }} }}")
    held = """acquireSlots(request: {
      leaseId: $id, names: ["db"], key: "mill", holder: {host: "here", pid: 7}})"""
    released = "releaseSlots(leaseIds: [$id])"
    claimed = """claimFlowRuns(input: {workerId: $id, workerName: "w", workPoolName: "pool",
      host: "there", pid: 8, limit: 1, leaseSeconds: 60})"""
    query = """subscription { concurrencyLimits(names: ["db"]) { cursor limits {
      total holders { host key } waiters { host key } } } }"""
    lease = {"id": "0198c0de-0000-7000-8000-000000000001"}
    worker = {"id": "0198c0de-0000-7000-8000-000000000002"}

    async def change(what: str, **variables: str) -> None:
        head = "mutation ($id: ID!)" if variables else "mutation"
        await ask(ledger, f"{head} {{ {what} {{ __typename }} }}", **variables)

    async with open_socket(service.url) as socket:
        await socket.subscribe(query)
        shown: dict[str, Any] = {"total": None, "holders": [], "waiters": []}
        assert (await socket.next())["concurrencyLimits"]["limits"] == [shown]

        async def told(**news: Any) -> None:
            shown.update(news)
            await until(socket, "concurrencyLimits", {"limits": [shown]})

        await change('updateConcurrencyLimit(name: "db", total: 4)')
        await told(total=4)
        await change(held, **lease)
        await told(holders=[{"host": "here", "key": "mill"}])
        await change('createFlowRun(input: {deployment: "etl/daily"})')
        await change(claimed, **worker)
        await told(waiters=[{"host": "", "key": "mill"}])
        await change(released, **lease)
        await told(holders=[{"host": "", "key": "mill"}], waiters=[])
        await change(claimed, **worker)
        await told(holders=[{"host": "there", "key": "mill"}])


async def test_workers_come_and_go(service: RunningService) -> None:
    call = """mutation ($id: ID!, $lease: Float!) { claimFlowRuns(input: {
      workerId: $id, workerName: "w", workPoolName: "pool", host: "here", pid: 7, limit: 1,
      leaseSeconds: $lease}) { __typename ... on UserError { message } } }"""
    await ask(service.ledger, 'mutation { createWorkPool(name: "pool") { __typename } }')
    query = """subscription { workers(workPoolName: "pool") {
      cursor deletedIds workers { name online } } }"""
    async with open_socket(service.url) as socket:
        await socket.subscribe(query)
        assert (await socket.next())["workers"]["workers"] == []
        worker = "0198c0de-0000-7000-8000-000000000001"
        await ask(service.ledger, call, id=worker, lease=60)
        await until(socket, "workers", {"workers": [{"name": "w", "online": True}]})
        release = "mutation ($id: ID!) { releaseWorker(workerId: $id) { __typename } }"
        await ask(service.ledger, release, id=worker)
        await until(socket, "workers", {"workers": [], "deletedIds": [worker]})


async def test_deployments_follow_their_changes(service: RunningService) -> None:
    apply = """mutation ($paused: Boolean) { applyDeployment(input: {flowName: "etl",
      name: "nightly", entrypoint: "etl.py:etl", paused: $paused}) { __typename } }"""
    query = """subscription { deployments(flowName: "etl") {
      cursor deletedIds deployments { fullName paused } } }"""
    async with open_socket(service.url) as socket:
        await socket.subscribe(query)
        assert (await socket.next())["deployments"]["deployments"] == []
        for paused in (False, True):
            await ask(service.ledger, apply, paused=paused)
            told = [{"fullName": "etl/nightly", "paused": paused}]
            await until(socket, "deployments", {"deployments": told})


async def test_equal_looks_are_shared_and_nothing_is_left(service: RunningService) -> None:
    query = "subscription { counts { cursor flowRuns { count } } }"
    async with open_socket(service.url) as socket:
        for key in "abc":
            await socket.subscribe(query, key=key)
            await socket.receive()
        assert service.ledger.feed.subscribers == 3
        assert len(service.ledger.feed._glances._known) == 1
    while service.ledger.feed.subscribers:  # noqa: ASYNC110  # the feed tells nobody
        await asyncio.sleep(0)
