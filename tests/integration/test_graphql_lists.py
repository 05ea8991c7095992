"""Lists of deployments, schedules, work pools and workers: pages, filters and orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuids

from headrace_service.ledger import Ledger
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import (
    DeploymentInput,
    apply_deployment,
    set_deployment_paused,
)
from headrace_service.ledger.work_pools import (
    MAX_QUEUES,
    NewWorkPool,
    WorkerCall,
    create_work_pool,
    keep_worker,
    queue_for,
    set_pool_paused,
)
from headrace_service.schedules import ScheduleSpec
from tests.integration.graphql_kit import ask, refusal

HOURLY = ScheduleInput(ScheduleSpec(interval=3_600_000_000))
RESTING = ScheduleInput(ScheduleSpec(cron="0 6 * * *"), active=False)

#: In the order of their creation; `full/names` by name are b/x, c/x, c/y, ä/x.
DEPLOYMENTS = (
    DeploymentInput("c", "y", tags=["night"], schedules=[HOURLY]),
    DeploymentInput("ä", "x", work_pool="mill"),
    DeploymentInput("c", "x", tags=["night", "big"], schedules=[RESTING]),
    DeploymentInput("b", "x"),
)


def call(name: str, pool: str | None, seconds: float = 60) -> WorkerCall:
    return WorkerCall(uuids.uuid7(), name, pool, "host", 1, seconds)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path_factory.mktemp("lists") / "ledger.db")
    for new in (NewWorkPool("mill"), NewWorkPool("dam", type="docker"), NewWorkPool("weir")):
        opened.write(create_work_pool, new).result()
    opened.write(set_pool_paused, "weir", True).result()
    for wanted in DEPLOYMENTS:
        opened.write(apply_deployment, wanted).result()
    opened.write(set_deployment_paused, "b/x", True).result()
    for each in (call("w-1", "mill"), call("w-2", "weir", 1e-6), call("serves", None)):
        opened.write(keep_worker, each).result()
    yield opened
    opened.close()


async def listed(ledger: Ledger, field: str, of: str, kind: str, **arguments: Any) -> list[str]:
    """One field of each row, read in pages of two."""
    types = {"filter": kind, "orderBy": "NameOrder", "active": "Boolean", "deploymentIds": "[ID!]"}
    declared = "".join(f", ${name}: {types[name]}" for name in arguments)
    passed = "".join(f", {name}: ${name}" for name in arguments)
    query = (
        f"query ($after: Cursor{declared}) {{ {field}(first: 2, after: $after{passed}) "
        f"{{ nodes {{ {of} }} pageInfo {{ endCursor hasNextPage }} }} }}"
    )
    found: list[str] = []
    after = None
    while True:
        page = (await ask(ledger, query, after=after, **arguments))[field]
        found += [str(node[of]) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("NAME_ASC", "b/x c/x c/y ä/x"),
        ("NAME_DESC", "ä/x c/y c/x b/x"),
        ("OLDEST", "c/y ä/x c/x b/x"),
        ("NEWEST", "b/x c/x ä/x c/y"),
    ],
)
async def test_deployments_are_in_an_order(ledger: Ledger, order: str, names: str) -> None:
    kind = "DeploymentFilter"
    assert await listed(ledger, "deployments", "fullName", kind, orderBy=order) == names.split()


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({"flowNames": ["c", "b"]}, "b/x c/x c/y"),
        ({"names": ["y"]}, "c/y"),
        ({"nameContains": "X"}, "b/x c/x ä/x"),
        ({"tags": ["night"]}, "c/x c/y"),
        ({"tags": ["night", "big"]}, "c/x"),
        ({"anyTags": ["big", "other"]}, "c/x"),
        ({"untagged": True}, "b/x ä/x"),
        ({"paused": True}, "b/x"),
        ({"paused": False, "untagged": True}, "ä/x"),
        ({"workPoolNames": ["mill"]}, "ä/x"),
        ({"flowNames": []}, ""),
    ],
)
async def test_deployments_are_found(ledger: Ledger, condition: Any, names: str) -> None:
    kind = "DeploymentFilter"
    assert await listed(ledger, "deployments", "fullName", kind, filter=condition) == names.split()


async def test_a_page_of_deployments_from_its_end(ledger: Ledger) -> None:
    query = """query ($before: Cursor) { deployments(last: 2, before: $before) {
      nodes { fullName } pageInfo { startCursor hasPreviousPage hasNextPage } } }"""
    last = (await ask(ledger, query))["deployments"]
    assert [node["fullName"] for node in last["nodes"]] == ["c/y", "ä/x"]
    rest = (await ask(ledger, query, before=last["pageInfo"]["startCursor"]))["deployments"]
    assert [node["fullName"] for node in rest["nodes"]] == ["b/x", "c/x"]
    assert not rest["pageInfo"]["hasPreviousPage"]


async def test_the_schedules_of_all_deployments(ledger: Ledger) -> None:
    schedules = "schedules", "intervalSeconds"
    assert await listed(ledger, *schedules, "") == ["None", "3600.0"]
    assert await listed(ledger, *schedules, "", active=True) == ["3600.0"]
    owner = (await ask(ledger, '{ deployment(name: "c/x") { id } }'))["deployment"]["id"]
    assert await listed(ledger, *schedules, "", deploymentIds=[owner]) == ["None"]


async def test_work_pools(ledger: Ledger) -> None:
    pools = "workPools", "name", "WorkPoolFilter"
    assert await listed(ledger, *pools) == ["dam", "mill", "weir"]
    assert await listed(ledger, *pools, orderBy="OLDEST") == ["mill", "dam", "weir"]
    assert await listed(ledger, *pools, filter={"nameContains": "I"}) == ["mill", "weir"]
    assert await listed(ledger, *pools, filter={"types": ["docker"]}) == ["dam"]
    assert await listed(ledger, *pools, filter={"paused": True}) == ["weir"]


async def test_workers_of_all_pools(ledger: Ledger) -> None:
    workers = "workers", "name", "WorkerFilter"
    assert await listed(ledger, *workers) == ["serves", "w-2", "w-1"]
    assert await listed(ledger, "workers", "workPoolName", "") == ["None", "weir", "mill"]
    assert await listed(ledger, *workers, filter={"workPoolNames": ["mill"]}) == ["w-1"]
    assert await listed(ledger, *workers, filter={"inPool": False}) == ["serves"]
    assert await listed(ledger, *workers, filter={"inPool": True, "online": True}) == ["w-1"]
    assert await listed(ledger, *workers, filter={"online": False}) == ["w-2"]
    assert await listed(ledger, *workers, filter={"nameContains": "W-"}) == ["w-2", "w-1"]


async def test_a_cursor_of_another_list_is_refused(ledger: Ledger) -> None:
    query = "{ workPools { pageInfo { endCursor } } }"
    cursor = (await ask(ledger, query))["workPools"]["pageInfo"]["endCursor"]
    query = "query ($after: Cursor) { deployments(after: $after) { nodes { id } } }"
    code, field, message = await refusal(ledger, query, after=cursor)
    assert (code, field) == ("InvalidCursor", "after")
    assert message == "after: this is a cursor for work pools; one for deployments is needed"


async def test_a_pool_has_so_many_queues(ledger: Ledger) -> None:
    pool = UUID((await ask(ledger, '{ workPool(name: "dam") { id } }'))["workPool"]["id"])

    def add(db: Any) -> None:
        for number in range(1, MAX_QUEUES):
            queue_for(db, pool, f"q-{number}")

    ledger.write(add).result()
    apply = """mutation ($name: String!) { applyWorkQueue(pool: "dam", name: $name, priority: 1) {
      ... on WorkPool { queues { name } } ... on InvalidInput { message field } } }"""
    one_more = (await ask(ledger, apply, name="more"))["applyWorkQueue"]
    assert one_more == {"message": "a work pool has 200 queues at most", "field": "name"}
    there = (await ask(ledger, apply, name="q-7"))["applyWorkQueue"]
    assert len(there["queues"]) == MAX_QUEUES
