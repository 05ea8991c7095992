"""Variables, artifacts and blocks through GraphQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace_service.ledger import Ledger
from tests.integration.graphql_kit import ask, refusal

SET = """mutation ($name: String!, $value: JSON, $overwrite: Boolean) {
  setVariable(name: $name, value: $value, tags: ["t"], overwrite: $overwrite) {
    __typename ... on Variable { name value tags } ... on UserError { code field message } } }"""


@pytest.fixture
async def ledger(tmp_path: Path) -> Any:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


async def test_variables(ledger: Ledger) -> None:
    value = {"a": [1, None, "é"]}
    answer = await ask(ledger, SET, name="x", value=value)
    assert answer["setVariable"] == {
        "__typename": "Variable", "name": "x", "value": value, "tags": ["t"],
    }  # fmt: skip
    answer = await ask(ledger, SET, name="x", value=1)
    assert answer["setVariable"]["__typename"] == "Conflict"
    answer = await ask(ledger, SET, name="X", value=1)
    assert answer["setVariable"]["code"] == "InvalidInput"
    assert answer["setVariable"]["field"] == "name"
    listed = await ask(ledger, '{ variables(filter: {tags: ["t"]}) { nodes { name } } }')
    assert listed["variables"]["nodes"] == [{"name": "x"}]
    delete = "{ __typename ... on UserError { code } }"
    first = await ask(ledger, f'mutation {{ deleteVariable(name: "x") {delete} }}')
    second = await ask(ledger, f'mutation {{ deleteVariable(name: "x") {delete} }}')
    assert first["deleteVariable"]["__typename"] == "Deleted"
    assert second["deleteVariable"] == {"__typename": "NotFound", "code": "NotFound"}
    assert await ask(ledger, '{ variable(name: "x") { value } }') == {"variable": None}


async def test_a_variable_may_be_null(ledger: Ledger) -> None:
    await ask(ledger, SET, name="x", value=None)
    found = await ask(ledger, '{ variable(name: "x") { name value } }')
    assert found["variable"] == {"name": "x", "value": None}


async def test_artifacts(ledger: Ledger) -> None:
    create = """mutation ($a: NewArtifact!) { createArtifact(artifact: $a) {
      __typename ... on Artifact { id key data flowRunId } ... on UserError { field } } }"""
    made = await ask(ledger, create, a={"key": "pg", "type": "progress", "data": 0})
    artifact = made["createArtifact"]
    assert artifact["data"] == 0
    update = """mutation ($id: ID!, $c: ArtifactChanges!) { updateArtifact(id: $id, changes: $c) {
      __typename ... on Artifact { data description } } }"""
    changed = await ask(ledger, update, id=artifact["id"], c={"data": 99.5})
    assert changed["updateArtifact"]["data"] == 99.5
    found = await ask(ledger, '{ artifact(key: "pg") { id data } }')
    assert found["artifact"] == {"id": artifact["id"], "data": 99.5}
    bad = await ask(ledger, create, a={"key": "Bad"})
    assert bad["createArtifact"] == {"__typename": "InvalidInput", "field": "key"}
    missing = await ask(ledger, update, id="00000000-0000-7000-8000-000000000000", c={})
    assert missing["updateArtifact"]["__typename"] == "NotFound"
    assert (await refusal(ledger, "{ artifact { id } }"))[1] == "id"


async def test_blocks(ledger: Ledger) -> None:
    save = """mutation ($data: JSON!, $name: String) { saveBlock(
      type: {slug: "login", name: "Login", fields: {secret_fields: ["password"]}},
      name: $name, data: $data) {
        __typename ... on Block { id name typeSlug type { name } data
          secrets: data(includeSecrets: true) } ... on UserError { code field } } }"""
    saved = (await ask(ledger, save, data={"password": "p"}, name="me"))["saveBlock"]
    assert saved["data"] == {"password": "********"}
    assert saved["secrets"] == {"password": "p"}
    assert saved["type"] == {"name": "Login"}
    again = await ask(ledger, save, data={}, name="me")
    assert again["saveBlock"]["code"] == "Conflict"
    bad = await ask(ledger, save, data=[1], name="you")
    assert bad["saveBlock"] == {
        "__typename": "InvalidInput",
        "code": "InvalidInput",
        "field": "data",
    }
    query = '{ block(typeSlug: "login", name: "me") { id } blockTypes { nodes { slug } } }'
    found = await ask(ledger, query)
    assert found == {"block": {"id": saved["id"]}, "blockTypes": {"nodes": [{"slug": "login"}]}}
    assert (await refusal(ledger, '{ block(name: "me") { id } }'))[1] == "id"
