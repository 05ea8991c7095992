"""Concurrency limits in GraphQL and on the command line."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import uuid_utils.compat as uuids
from click.testing import CliRunner, Result

from headrace.cli import root
from headrace_service.ledger import Ledger
from tests.builders import flow_run, task_run
from tests.integration.graphql_kit import ask, take
from tests.run_kit import Book

CREATE = """mutation ($name: String!, $limit: Int!, $decay: Float) {
  createConcurrencyLimit(name: $name, limit: $limit, slotDecayPerSecond: $decay) {
    __typename
    ... on ConcurrencyLimit { name limit active slotDecayPerSecond slotsTaken }
    ... on UserError { code field message }
  }
}"""
ACQUIRE = """mutation ($request: SlotRequestInput!, $wait: Float!) {
  acquireSlots(request: $request, waitSeconds: $wait) {
    __typename
    ... on SlotsGranted { limits leased }
    ... on SlotsAwaited { waiting }
    ... on UserError { code message }
  }
}"""
RELEASE = (
    "mutation ($ids: [ID!]!) { releaseSlots(leaseIds: $ids) { ... on SlotsReleased { count } } }"
)
RENEW = """mutation ($leases: [LeaseInput!]!) {
  renewSlots(leases: $leases) { ... on LeasesRenewed { lost } ... on UserError { code field } }
}"""
INSPECT = """query ($name: String!) {
  concurrencyLimit(name: $name) {
    slotsTaken
    holders { leaseId slots host pid flowRun { name } taskRun { name } }
    waiters { leaseId }
  }
}"""


@pytest.fixture
def ledger(book: Book) -> Any:
    opened = Ledger.open(book.path)
    yield opened
    opened.close()


async def create(ledger: Ledger, name: str, limit: int, decay: float | None = None) -> Any:
    answer = await ask(ledger, CREATE, name=name, limit=limit, decay=decay)
    return answer["createConcurrencyLimit"]


def request(*names: str, occupy: int = 1, **holder: Any) -> dict[str, Any]:
    """A request for slots under a new lease."""
    return {
        "leaseId": str(uuids.uuid7()),
        "names": list(names),
        "occupy": occupy,
        "holder": {"host": "mill", "pid": 7, **holder},
    }


async def acquire(ledger: Ledger, wanted: dict[str, Any], wait: float = 0.0) -> Any:
    return (await ask(ledger, ACQUIRE, request=wanted, wait=wait))["acquireSlots"]


async def test_a_limit_is_made_once_and_its_values_make_sense(ledger: Ledger) -> None:
    assert await create(ledger, "db", 2) == {
        "__typename": "ConcurrencyLimit",
        "name": "db",
        "limit": 2,
        "active": True,
        "slotDecayPerSecond": 0.0,
        "slotsTaken": 0.0,
    }
    assert (await create(ledger, "db", 3))["code"] == "Conflict"
    for name, limit, decay, field in (
        ("", 1, None, "name"),
        ("x", -1, None, "limit"),
        ("x", 1, -0.5, "slotDecayPerSecond"),
    ):
        answer = await create(ledger, name, limit, decay)
        assert (answer["code"], answer["field"]) == ("InvalidInput", field)


async def test_a_limit_shows_who_holds_and_who_waits(ledger: Ledger) -> None:
    run = flow_run(name="calm-heron")
    work = task_run(run, "load")
    take(ledger, run, work)
    await create(ledger, "db", 1)
    holder = request("db", flowRunId=str(run.id), taskRunId=str(work.id))
    assert await acquire(ledger, holder) == {
        "__typename": "SlotsGranted",
        "limits": ["db"],
        "leased": True,
    }
    waiter = request("db")
    assert await acquire(ledger, waiter) == {"__typename": "SlotsAwaited", "waiting": False}
    assert await acquire(ledger, waiter, wait=0.01) == {
        "__typename": "SlotsAwaited",
        "waiting": True,
    }
    shown = (await ask(ledger, INSPECT, name="db"))["concurrencyLimit"]
    assert shown == {
        "slotsTaken": 1.0,
        "holders": [
            {
                "leaseId": holder["leaseId"],
                "slots": 1,
                "host": "mill",
                "pid": 7,
                "flowRun": {"name": "calm-heron"},
                "taskRun": {"name": "load"},
            }
        ],
        "waiters": [{"leaseId": waiter["leaseId"]}],
    }


async def test_a_task_run_that_waits_for_slots_tells_who_has_them(ledger: Ledger) -> None:
    run = flow_run(name="calm-heron")
    has, waits, wants_two = (task_run(run, name) for name in ("has", "waits", "wants-two"))
    take(ledger, run, has, waits, wants_two)
    await create(ledger, "db", 2)
    await acquire(ledger, request("db", taskRunId=str(has.id), flowRunId=str(run.id)))
    for wanted in (
        request("db", occupy=2, taskRunId=str(wants_two.id)),
        request("db", taskRunId=str(waits.id)),
    ):
        assert await acquire(ledger, wanted, wait=0.01) == {
            "__typename": "SlotsAwaited",
            "waiting": True,
        }
    query = """query ($id: ID!) { flowRun(id: $id) { taskRuns { nodes { taskName blockedBy {
      reason message heldBy { name } heldByTaskRuns { taskName } } } } } }"""
    nodes = (await ask(ledger, query, id=str(run.id)))["flowRun"]["taskRuns"]["nodes"]
    held = {"heldBy": [{"name": "calm-heron"}], "heldByTaskRuns": [{"taskName": "has"}]}
    told = {
        "wants-two": "Not as many as 2 slots of concurrency limit 'db' are free.",
        "waits": "Others are before it in the line for concurrency limit 'db'.",
    }
    assert {node["taskName"]: node["blockedBy"] for node in nodes} == {
        "has": [],
        **{
            name: [{"reason": "CONCURRENCY_LIMIT", "message": message, **held}]
            for name, message in told.items()
        },
    }


async def test_a_request_waits_until_the_slot_is_given_back(ledger: Ledger) -> None:
    await create(ledger, "db", 1)
    holder = request("db")
    await acquire(ledger, holder)
    waiting = asyncio.create_task(acquire(ledger, request("db"), wait=20.0))
    while not (await ask(ledger, INSPECT, name="db"))["concurrencyLimit"]["waiters"]:
        assert not waiting.done()
    released = await ask(ledger, RELEASE, ids=[holder["leaseId"]])
    assert released["releaseSlots"]["count"] == 1
    assert (await waiting)["__typename"] == "SlotsGranted"


async def test_leases_are_renewed_or_lost(ledger: Ledger) -> None:
    await create(ledger, "db", 1)
    holder = request("db")
    await acquire(ledger, holder)
    unknown = str(uuids.uuid7())
    leases = [{"leaseId": each, "seconds": 60.0} for each in (holder["leaseId"], unknown)]
    assert (await ask(ledger, RENEW, leases=leases))["renewSlots"] == {"lost": [unknown]}
    endless = [{"leaseId": unknown, "seconds": -1.0}]
    answer = await ask(ledger, RENEW, leases=endless)
    assert answer["renewSlots"] == {"code": "InvalidInput", "field": "leases"}


async def test_what_can_never_be_had_is_refused(ledger: Ledger) -> None:
    await create(ledger, "db", 1)
    assert await acquire(ledger, request("db", occupy=2), wait=1.0) == {
        "__typename": "SlotsRefused",
        "code": "SlotsRefused",
        "message": "Slots requested is greater than the limit. Concurrency limit 'db' has 1 slot, "
        "and 2 are asked for: ask for fewer, or raise it with "
        "`headrace concurrency-limit update db 2`.",
    }
    assert (await acquire(ledger, request("db", occupy=0)))["code"] == "InvalidInput"
    bad = {**request("db"), "leaseId": "nonsense"}
    answer = await ask(ledger, ACQUIRE, request=bad, wait=0.0)
    assert answer["acquireSlots"]["code"] == "InvalidInput"
    assert "leaseId" in answer["acquireSlots"]["message"]


async def test_what_is_not_there_is_told(ledger: Ledger) -> None:
    for mutation in ("updateConcurrencyLimit", "deleteConcurrencyLimit", "resetConcurrencyLimit"):
        query = f'mutation {{ {mutation}(name: "nope") {{ ... on NotFound {{ code field }} }} }}'
        assert (await ask(ledger, query))[mutation] == {"code": "NotFound", "field": "name"}
    assert (await ask(ledger, INSPECT, name="nope"))["concurrencyLimit"] is None


# -- the command -----------------------------------------------------------------------------------


def run(*command: str) -> Result:
    """Run `headrace` with these arguments."""
    return CliRunner().invoke(root, command)


def test_the_command_makes_shows_changes_and_deletes_limits(book: Book) -> None:
    made = run("concurrency-limit", "create", "external-api", "5")
    assert (made.exit_code, made.stdout) == (0, "")  # as Prefect's: nothing for a script to read
    assert made.stderr == "Created the concurrency limit 'external-api', of 5.\n"
    assert run("gcl", "create", "rate", "-l", "10", "--slot-decay-per-second", "2.5").exit_code == 0
    assert run("concurrency-limit", "ls").output == (
        "NAME          LIMIT  TAKEN  DECAY/S  ACTIVE\n"
        "external-api  5      0      0        yes\n"
        "rate          10     0      2.5      yes\n"
    )
    assert run("concurrency-limit", "update", "external-api", "7").exit_code == 0
    assert run("gcl", "disable", "rate").exit_code == 0
    listed = json.loads(run("gcl", "ls", "--json").output)
    assert [(each["limit"], each["active"]) for each in listed] == [(7, True), (10, False)]
    shown = run("concurrency-limit", "inspect", "external-api").output
    assert "  limit    7\n" in shown
    assert "  waiters  none\n" in shown
    assert run("concurrency-limit", "reset", "external-api").exit_code == 0
    assert run("gcl", "delete", "external-api").exit_code == 0
    assert [each["name"] for each in json.loads(run("gcl", "ls", "-o", "json").output)] == ["rate"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["create", "db", "-1"], "'LIMIT': -1 is out of range; it must be 0 or more."),
        (["update", "db", "-20"], "'LIMIT': -20 is out of range; it must be 0 or more."),
        (["create", "db", "few"], "'LIMIT': 'few' is no whole number; it must be 0 or more."),
        (["create", "db", "1", "--total", "-1"], "'--total': -1 is out of range"),
        (["create", "db", f"{2**31}"], "it must be 2147483647 or less"),
        (["create", "db", "-z"], "No such option '-z'"),
    ],
)
def test_the_command_says_what_a_number_of_slots_is(arguments: list[str], told: str) -> None:
    result = run("concurrency-limit", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize("command", ["inspect", "delete", "reset"])
def test_the_command_fails_in_one_line_where_there_is_no_such_limit(
    book: Book, command: str
) -> None:
    answer = run("concurrency-limit", command, "nope")
    assert answer.exit_code == 1
    assert answer.output == "Error: there is no concurrency limit 'nope'\n"
