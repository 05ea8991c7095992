"""Input of any length and shape: refused in words where it is no use, never an error of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from headrace_service.api.filters import MOST_CHARACTERS, MOST_TAGS, MOST_VALUES
from headrace_service.api.inprocess import execute
from headrace_service.api.scalars import MAX_JSON
from headrace_service.ledger import Ledger
from tests.integration.graphql_kit import ask

LONG = "x" * 5000
WORKER = {"workerId": "019b7728-8000-7000-8000-000000000001", "workerName": "w", "host": "h"}
DEPLOYMENT = {"name": "d", "flowName": "f"}


@pytest.fixture
async def ledger(tmp_path: Path) -> Any:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


def mutation(field: str, argument: str, type: str) -> str:
    return (
        f"mutation ($given: {type}) {{ {field}({argument}: $given) "
        "{ __typename ... on UserError { code field message } } }"
    )


CLAIM = mutation("claimFlowRuns", "input", "ClaimInput!")
APPLY = mutation("applyDeployment", "input", "DeploymentInput!")
CREATE = mutation("createFlowRun", "input", "CreateFlowRunInput!")
SCHEDULE = mutation("updateSchedule", "schedule", "ScheduleInput!").replace(
    "schedule:", f'id: "{WORKER["workerId"]}", schedule:'
)
POOL = mutation("createWorkPool", "name", "String!")
TYPE = mutation("registerBlockType", "type", "NewBlockType!")
SLOTS = mutation("acquireSlots", "request", "SlotRequestInput!")
RUN = mutation("createFlowRunByHand", "run", "NewFlowRun!")


def claim(**given: object) -> dict[str, object]:
    return {**WORKER, "pid": 1, "leaseSeconds": 30, "limit": 1, **given}


def slots(**given: object) -> dict[str, object]:
    holder = {"host": "h", "pid": 1}
    return {"leaseId": WORKER["workerId"], "names": ["n"], "holder": holder, **given}


@pytest.mark.parametrize(
    ("document", "given", "field"),
    [
        (CLAIM, claim(leaseSeconds=1e300), "leaseSeconds"),
        (SCHEDULE, {"intervalSeconds": 1e308}, "intervalSeconds"),
        (SCHEDULE, {"cron": "* * * * *", "catchupWindowSeconds": -1e308}, "catchupWindowSeconds"),
        (SCHEDULE, {"cron": "* * * * *", "startDeadlineSeconds": 1e13}, "startDeadlineSeconds"),
        (CLAIM, claim(leaseSeconds=-1), "leaseSeconds"),
        (CLAIM, claim(workerName=LONG), "workerName"),
        (CLAIM, claim(pid=-1), "pid"),
        (APPLY, DEPLOYMENT | {"name": ""}, "name"),
        (APPLY, DEPLOYMENT | {"name": "a/b"}, "name"),
        (APPLY, DEPLOYMENT | {"flowName": LONG}, "flowName"),
        (APPLY, DEPLOYMENT | {"tags": ["a", ""]}, "tags[1]"),
        (APPLY, DEPLOYMENT | {"parameterSchema": [1]}, "parameterSchema"),
        (APPLY, DEPLOYMENT | {"schedules": [{"cron": "* * * * *"}] * 101}, "schedules"),
        (
            APPLY,
            DEPLOYMENT | {"schedules": [{"intervalSeconds": 1e300}]},
            "schedules[0].intervalSeconds",
        ),
        (CREATE, {"deployment": "f/d", "name": LONG}, "name"),
        (CREATE, {"deployment": "f/d", "idempotencyKey": LONG}, "idempotencyKey"),
        (CREATE, {"deployment": "f/d", "parameters": [1]}, "parameters"),
        (POOL, "", "name"),
        (POOL, LONG, "name"),
        (TYPE, {"slug": "", "name": "n", "fields": {}}, "slug"),
        (TYPE, {"slug": "s", "name": "n", "fields": {"secret_fields": 5}}, "type.fields"),
        (TYPE, {"slug": "s", "name": "n", "fields": "no schema"}, "type.fields"),
        (mutation("createArtifact", "artifact", "NewArtifact!"), {"key": "k" * 5000}, "key"),
        (SLOTS, slots(names=["n"] * 201), "request"),
        (SLOTS, slots(occupy=0), "request"),
        (SLOTS, slots(leaseSeconds=1e9), "request"),
        (RUN, {"flowName": "f", "name": LONG, "state": {"type": "RUNNING"}}, "name"),
        (RUN, {"flowName": "f", "name": "n", "state": {"type": "RUNNING", "name": ""}}, None),
    ],
)
async def test_what_cannot_be_used_is_named(
    ledger: Ledger, document: str, given: object, field: str | None
) -> None:
    (answer,) = (await ask(ledger, document, given=given)).values()
    if field is None:
        assert "code" not in answer
    else:
        assert (answer["code"], answer["field"]) == ("InvalidInput", field)
        assert len(answer["message"]) < 300


@pytest.mark.parametrize("value", ["x" * MAX_JSON, "\ud800"], ids=["long", "surrogate"])
async def test_json_is_of_a_size_that_can_be_kept(ledger: Ledger, value: object) -> None:
    answer = await execute(ledger, APPLY, {"given": DEPLOYMENT | {"parameters": {"a": value}}})
    assert "JSON" in answer["errors"][0]["message"]


@pytest.mark.parametrize("name", ["tags", "anyTags", "names", "ids"])
async def test_a_condition_lists_so_many_values(ledger: Ledger, name: str) -> None:
    document = "query ($filter: FlowRunFilter) { flowRuns(filter: $filter) { nodes { id } } }"
    texts = [str(UUID(int=number)) for number in range(MOST_VALUES + 1)]
    most = {
        "tags": texts[:MOST_TAGS],
        "anyTags": texts[:MOST_TAGS],
        "names": texts[:-1],
        "ids": texts[:-1],
    }
    answer = await execute(ledger, document, {"filter": most})
    assert answer["data"] == {"flowRuns": {"nodes": []}}
    answer = await execute(ledger, document, {"filter": {name: texts}})
    assert answer["errors"][0]["extensions"]["field"] == name


async def test_parameters_of_a_run_stay_an_object(ledger: Ledger) -> None:
    """What is no object would be in the way of every list that has the run."""
    made = await ask(
        ledger,
        'mutation { createFlowRunByHand(run: {flowName: "f", name: "n", state: {type: RUNNING}}) '
        "{ ... on FlowRun { id } } }",
    )
    change = (
        "mutation ($id: ID!, $given: JSON) { updateFlowRun(id: $id, changes: {parameters: $given}) "
        "{ ... on UserError { field } } }"
    )
    for given in ("[1", [1], 5):
        answer = await ask(ledger, change, id=made["createFlowRunByHand"]["id"], given=given)
        assert answer["updateFlowRun"] == {"field": "changes.parameters"}
    listed = await ask(ledger, "{ flowRuns { nodes { parameters } } }")
    assert listed["flowRuns"]["nodes"] == [{"parameters": {}}]


async def test_what_stands_where_a_run_says_what_it_waits_for_may_be_anything(
    ledger: Ledger,
) -> None:
    made = await ask(
        ledger,
        'mutation { createFlowRunByHand(run: {flowName: "f", name: "n", state: {type: PAUSED}}) '
        "{ ... on FlowRun { id } } }",
    )
    run_id = made["createFlowRunByHand"]["id"]
    put = (
        "mutation ($id: ID!) { createFlowRunInput"
        '(flowRunId: $id, key: "pause", value: 5) { __typename } }'
    )
    await ask(ledger, put, id=run_id)
    resume = "mutation ($id: ID!) { resumeFlowRun(id: $id) { __typename } }"
    assert await ask(ledger, resume, id=run_id) == {"resumeFlowRun": {"__typename": "FlowRun"}}


@pytest.mark.parametrize(
    "query",
    [
        "query ($part: String) { flows(nameContains: $part) { nodes { id } } }",
        "query ($part: String) { flowRuns(filter: {nameContains: $part}) { nodes { id } } }",
        "query ($part: String) { flowRuns(filter: {flowNameContains: $part}) { nodes { id } } }",
        "query ($part: String) { taskRuns(filter: {nameContains: $part}) { nodes { id } } }",
        "query ($part: String) { logs(filter: {messageContains: $part}) { nodes { cursor } } }",
        "query ($part: String) { variables(filter: {nameContains: $part}) { nodes { id } } }",
        "query ($part: String) { artifacts(filter: {keyContains: $part}) { nodes { id } } }",
        "query ($part: String) { blocks(filter: {nameContains: $part}) { nodes { id } } }",
    ],
)
async def test_what_is_looked_for_is_of_a_length_that_can_be(ledger: Ledger, query: str) -> None:
    for part in ("x" * MOST_CHARACTERS, "%" * MOST_CHARACTERS, "\\_%"):
        assert "errors" not in await execute(ledger, query, {"part": part})
    answer = await execute(ledger, query, {"part": "x" * (MOST_CHARACTERS + 1)})
    assert answer["errors"][0]["extensions"]["code"] == "InvalidInput"
