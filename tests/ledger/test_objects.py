"""Variables, artifacts and blocks: what their verbs change, and what they refuse."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuids

from headrace_service.ledger import Ledger
from headrace_service.ledger.artifacts import (
    ArtifactRow,
    ArtifactWhere,
    NewArtifact,
    create_artifact,
    delete_artifact,
    newest_artifact,
    page_of_artifacts,
    update_artifact,
)
from headrace_service.ledger.block_data import block_data
from headrace_service.ledger.blocks import (
    BlockRow,
    BlockWhere,
    NewBlockType,
    block_by_id,
    block_by_name,
    delete_block,
    page_of_block_types,
    page_of_blocks,
    save_block,
)
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.variables import (
    VariableRow,
    VariableWhere,
    delete_variable,
    page_of_variables,
    set_variable,
    variable_by_name,
)


def put(
    ledger: Ledger, name: str, value: object, *tags: str, overwrite: bool = False
) -> VariableRow:
    return ledger.write(set_variable, name, value, list(tags), overwrite).result()


def test_a_variable_keeps_its_id_and_birthday_when_it_is_overwritten(ledger: Ledger) -> None:
    first = put(ledger, "rate", 0.5, "money")
    with pytest.raises(Conflict, match="'rate' already"):
        put(ledger, "rate", 0.6)
    second = put(ledger, "rate", {"eur": [1, None]}, overwrite=True)
    assert (second.id, second.created_at) == (first.id, first.created_at)
    found = ledger.read(variable_by_name, "rate").result()
    assert found == second
    assert (second.value, second.tags) == ('{"eur":[1,null]}', "[]")


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [("Bad", 1, "name"), ("", 1, "name"), ("x" * 256, 1, "name"), ("x", "y" * 5000, "value")],
)
def test_an_unusable_variable_is_refused(
    ledger: Ledger, name: str, value: object, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        put(ledger, name, value)
    assert refused.value.field == field


def test_a_deleted_variable_is_gone(ledger: Ledger) -> None:
    row = put(ledger, "x", 1)
    assert ledger.write(delete_variable, "x").result() == row.id
    assert ledger.read(variable_by_name, "x").result() is None
    with pytest.raises(NotFound):
        ledger.write(delete_variable, "x").result()


def test_variables_are_listed_by_name_and_narrowed_by_tags(ledger: Ledger) -> None:
    put(ledger, "b", 1, "one", "two")
    put(ledger, "a", 2, "one")
    put(ledger, "c", 3, "tone")

    def names(**where: Any) -> list[str]:
        rows = ledger.read(page_of_variables, Page(10), VariableWhere(**where)).result().rows
        return [row.name for row in rows]

    assert names() == ["a", "b", "c"]
    assert names(tags=frozenset({"one"})) == ["a", "b"]
    assert names(tags=frozenset({"one", "two"})) == ["b"]
    assert names(name_contains="c") == ["c"]


def make(ledger: Ledger, key: str | None, data: object, **more: Any) -> ArtifactRow:
    return ledger.write(create_artifact, NewArtifact(data, key, **more)).result()


def test_the_newest_artifact_of_a_key_counts(ledger: Ledger) -> None:
    run = uuids.uuid7()
    make(ledger, "report", "old", type="markdown")
    newest = make(ledger, "report", "new", type="markdown", flow_run_id=run)
    loose = make(ledger, None, 5)
    assert ledger.read(newest_artifact, "report").result() == newest

    def listed(**where: Any) -> list[UUID]:
        rows = ledger.read(page_of_artifacts, Page(10), ArtifactWhere(**where)).result().rows
        return [row.id for row in rows]

    assert listed(latest_only=True) == [loose.id, newest.id]
    assert listed(flow_run_ids=frozenset({run})) == [newest.id]
    assert len(listed(keys=frozenset({"report"}))) == 2
    assert listed(ids=frozenset({loose.id})) == [loose.id]


def test_an_artifact_changes_only_in_what_is_given(ledger: Ledger) -> None:
    made = make(ledger, "done", 0.0, type="progress", description="how far")
    changed = ledger.write(update_artifact, made.id, data=50.0).result()
    assert (changed.data, changed.description) == ("50.0", "how far")
    assert ledger.write(update_artifact, made.id, description=None).result().description is None
    assert ledger.write(delete_artifact, made.id).result() == made.id
    with pytest.raises(NotFound):
        ledger.write(update_artifact, made.id, data=1).result()
    with pytest.raises(NotFound):
        ledger.write(delete_artifact, made.id).result()
    with pytest.raises(InvalidInput):
        make(ledger, "Bad_Key", 1)


LOGIN = NewBlockType("login", "Login", None, {"secret_fields": ["password", "keys.*"]})
HOST = NewBlockType("host", "Host", "A machine.", {"secret_fields": ["login.password"]})


def save(
    ledger: Ledger, kind: NewBlockType, name: str | None, overwrite: bool = False, **data: Any
) -> BlockRow:
    return ledger.write(save_block, kind, name, data, overwrite).result()


def test_secrets_are_shown_only_to_whom_insists(ledger: Ledger) -> None:
    row = save(ledger, LOGIN, "me", user="u", password="p", keys={"a": "1", "b": None})
    shown = ledger.read(block_data, row, False).result()
    assert shown == {"user": "u", "password": "********", "keys": {"a": "********", "b": None}}
    assert ledger.read(block_data, row, True).result()["password"] == "p"


def test_a_block_within_another_is_read_in_its_place(ledger: Ledger) -> None:
    inner = save(ledger, LOGIN, "me", password="p")
    reference = {"$ref": {"block_document_id": str(inner.id)}}
    outer = save(ledger, HOST, "h", login=reference, spare=[reference], inline={"password": "q"})
    mark = {
        "block_type_slug": "login",
        "_block_document_id": str(inner.id),
        "_block_document_name": "me",
    }
    shown = ledger.read(block_data, outer, False).result()
    assert shown["login"] == {"password": "********"} | mark
    assert shown["spare"] == [shown["login"]]
    assert ledger.read(block_data, outer, True).result()["login"]["password"] == "p"
    ledger.write(delete_block, inner.id).result()
    with pytest.raises(NotFound, match="deleted"):
        ledger.read(block_data, outer, True).result()


def test_blocks_in_a_circle_are_told_of(ledger: Ledger) -> None:
    row = save(ledger, LOGIN, "me")
    reference = {"$ref": {"block_document_id": str(row.id)}}
    row = save(ledger, LOGIN, "me", overwrite=True, again=reference)
    with pytest.raises(Conflict, match="deep"):
        ledger.read(block_data, row, True).result()


def test_blocks_that_hold_each_other_often_are_not_multiplied(ledger: Ledger) -> None:
    row = save(ledger, LOGIN, "b0")
    for level in range(1, 12):
        reference = {"$ref": {"block_document_id": str(row.id)}}
        row = save(ledger, LOGIN, f"b{level}", held=[reference] * 10)
    with pytest.raises(Conflict, match="more than 500 blocks"):
        ledger.read(block_data, row, True).result()


def test_a_reference_that_is_no_id_leads_nowhere(ledger: Ledger) -> None:
    row = save(ledger, LOGIN, "me", held={"$ref": {"block_document_id": 5}})
    with pytest.raises(NotFound, match="deleted"):
        ledger.read(block_data, row, True).result()


def test_a_block_is_overwritten_only_when_that_is_wanted(ledger: Ledger) -> None:
    first = save(ledger, LOGIN, "me", user="u")
    with pytest.raises(Conflict):
        save(ledger, LOGIN, "me", user="v")
    second = save(ledger, LOGIN, "me", overwrite=True, user="v")
    assert second.id == first.id
    assert ledger.read(block_by_name, "login", "me").result() == second
    assert ledger.read(block_by_name, "host", "me").result() is None
    with pytest.raises(InvalidInput):
        save(ledger, LOGIN, "Not a name")


def test_anonymous_blocks_are_known_by_their_id(ledger: Ledger) -> None:
    row = save(ledger, LOGIN, None, user="u")
    save(ledger, HOST, "h")

    def listed(**where: Any) -> list[str]:
        rows = ledger.read(page_of_blocks, Page(10), BlockWhere(**where)).result().rows
        return [one.type_slug for one in rows]

    assert listed() == ["host"]
    assert listed(with_anonymous=True) == ["host", "login"]
    assert listed(type_slug="login", with_anonymous=True) == ["login"]
    assert ledger.read(block_by_id, row.id).result() == row
    assert [kind.slug for kind in ledger.read(page_of_block_types, Page(10)).result().rows] == [
        "host",
        "login",
    ]
