"""Edits that insist on what they have seen, and things that are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace_service.ledger import Ledger
from tests.integration.graphql_kit import ask


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder: Path = tmp_path_factory.mktemp("revisions")
    opened = Ledger.open(folder / "ledger.db")
    yield opened
    opened.close()


_ANSWER = "{ __typename ... on %s { revision } ... on Conflict { code field currentRevision } }"
_TYPE = '{slug: "s", name: "S", fields: {}}'

#: What makes each thing, and what edits it at the revision `$seen`.
EDITS = {
    "Variable": (
        'setVariable(name: "v", value: 1)',
        'setVariable(name: "v", value: 2, overwrite: true, expectedRevision: $seen)',
    ),
    "Block": (
        f'saveBlock(type: {_TYPE}, name: "b", data: {{}})',
        f'saveBlock(type: {_TYPE}, name: "b", data: {{}}, overwrite: true, '
        "expectedRevision: $seen)",
    ),
    "WorkPool": (
        'createWorkPool(name: "p")',
        'setWorkPoolPaused(name: "p", paused: true, expectedRevision: $seen)',
    ),
    "ConcurrencyLimit": (
        'createConcurrencyLimit(name: "l", limit: 1)',
        'updateConcurrencyLimit(name: "l", limit: 2, expectedRevision: $seen)',
    ),
    "Deployment": (
        'applyDeployment(input: {flowName: "f", name: "d"})',
        'applyDeployment(input: {flowName: "f", name: "d", version: "2", expectedRevision: $seen})',
    ),
}


async def answer(ledger: Ledger, kind: str, call: str, **variables: Any) -> dict[str, Any]:
    head = "mutation ($seen: Int)" if "$seen" in call else "mutation"
    data = await ask(ledger, f"{head} {{ made: {call} {_ANSWER % kind} }}", **variables)
    made: dict[str, Any] = data["made"]
    return made


@pytest.mark.parametrize("kind", EDITS)
async def test_an_edit_is_made_only_of_what_was_seen(ledger: Ledger, kind: str) -> None:
    make, edit = EDITS[kind]
    assert await answer(ledger, kind, make) == {"__typename": kind, "revision": 1}
    assert (await answer(ledger, kind, edit, seen=1))["revision"] == 2
    assert await answer(ledger, kind, edit, seen=1) == {
        "__typename": "Conflict",
        "code": "Conflict",
        "field": "expectedRevision",
        "currentRevision": 2,
    }
    # To deploy the same again is no edit.
    latest = 2 if kind == "Deployment" else 3
    assert (await answer(ledger, kind, edit, seen=None))["revision"] == latest


async def test_an_artifact_and_a_pause_count_as_edits(ledger: Ledger) -> None:
    made = await ask(
        ledger, "mutation { createArtifact(artifact: {data: 1}) { ... on Artifact { id } } }"
    )
    change = 'updateArtifact(id: "%s", changes: {data: 2}, expectedRevision: $seen)'
    edit = change % made["createArtifact"]["id"]
    assert (await answer(ledger, "Artifact", edit, seen=1))["revision"] == 2
    assert (await answer(ledger, "Artifact", edit, seen=1))["currentRevision"] == 2
    await ask(
        ledger, 'mutation { applyDeployment(input: {flowName: "g", name: "d"}) {__typename} }'
    )
    pause = 'setDeploymentPaused(deployment: "g/d", paused: true, expectedRevision: $seen)'
    assert (await answer(ledger, "Deployment", pause, seen=1))["revision"] == 2
    assert (await answer(ledger, "Deployment", pause, seen=7))["__typename"] == "Conflict"


#: What is made under the key `$key`, and another thing that is not to be made under it.
MADE = {
    "Artifact": ("createArtifact(artifact: {data: %s}, idempotencyKey: $key)", "1", "2"),
    "WorkPool": ('createWorkPool(name: "%s", idempotencyKey: $key)', "once", "other"),
    "ConcurrencyLimit": (
        'createConcurrencyLimit(name: "%s", limit: 1, idempotencyKey: $key)',
        "once",
        "other",
    ),
    "FlowRun": (
        'createFlowRunByHand(run: {flowName: "f", name: "%s", state: {type: PENDING}}, '
        "idempotencyKey: $key)",
        "once",
        "other",
    ),
    "Block": (f"saveBlock(type: {_TYPE}, data: {{n: %s}}, idempotencyKey: $key)", "1", "2"),
}


@pytest.mark.parametrize("kind", MADE)
async def test_what_is_asked_for_twice_under_a_key_is_made_once(ledger: Ledger, kind: str) -> None:
    call, same, other = MADE[kind]

    async def make(what: str, key: str | None) -> dict[str, Any]:
        fields = f"__typename ... on {kind} {{ id }} ... on UserError {{ code field }}"
        query = f"mutation ($key: String) {{ made: {call % what} {{ {fields} }} }}"
        made: dict[str, Any] = (await ask(ledger, query, key=key))["made"]
        return made

    first = await make(same, "k")
    assert first["__typename"] == kind
    assert await make(same, "k") == first
    refused = {"__typename": "Conflict", "code": "Conflict", "field": "idempotencyKey"}
    assert await make(other, "k") == refused
    assert (await make(other, "k2"))["id"] != first["id"]
    assert (await make(same, ""))["field"] == "idempotencyKey"
