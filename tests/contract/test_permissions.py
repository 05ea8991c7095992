"""Every operation says who may do it."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType, get_named_type

from headrace_service.api.permissions import NEEDED, forbidden_fields, scope_of
from headrace_service.api.schema import schema
from headrace_service.ledger.tokens import Scope

ROOTS = {
    "query": schema._schema.query_type,
    "mutation": schema._schema.mutation_type,
    "subscription": schema._schema.subscription_type,
}


def fields(kind: str) -> set[str]:
    root = ROOTS[kind]
    assert isinstance(root, GraphQLObjectType)
    return set(root.fields)


@pytest.mark.parametrize("kind", ROOTS)
def test_every_field_declares_its_scope_once_and_no_other_is_named(kind: str) -> None:
    named = [field for names in NEEDED[kind].values() for field in names.split()]
    told = "name it in headrace_service/api/permissions.py"
    assert sorted(named) == sorted(fields(kind)), told


def test_what_is_created_can_be_asked_for_twice() -> None:
    """By an idempotency key; or by a name, under which there is no other one."""
    root = ROOTS["mutation"]
    assert isinstance(root, GraphQLObjectType)
    known_by_name = {"createFlow", "createFlowRunInput", "createApiToken"}
    for name in sorted(fields("mutation") - known_by_name):
        if name.startswith("create"):
            given = root.fields[name].args
            inputs = [get_named_type(about.type) for about in given.values()]
            names = {*given, *(field for one in inputs for field in getattr(one, "fields", ()))}
            assert "idempotencyKey" in names, name


def test_no_mutation_is_open_to_who_may_only_read() -> None:
    assert Scope.READ not in NEEDED["mutation"]


def test_what_nobody_declared_needs_everything() -> None:
    assert scope_of("mutation", "dropEverything") is Scope.ADMIN


@pytest.mark.parametrize(
    "text",
    [
        "mutation { deleteWorkPool(name: 1) { __typename } }",
        "mutation { ok: deleteWorkPool(name: 1) { __typename } }",
        "mutation { ... { deleteWorkPool(name: 1) { __typename } } }",
        "mutation { ... on Mutation { ...A } } fragment A on Mutation { ...B } "
        "fragment B on Mutation { deleteWorkPool(name: 1) { __typename } }",
        "query A { flows { nodes { id } } } mutation B { deleteWorkPool(name: 1) { __typename } }",
        "mutation A { setVariable(name: 1) { __typename } } "
        "mutation B { deleteWorkPool(name: 1) { __typename } }",
        "mutation ($no: Boolean!) { deleteWorkPool(name: 1) @include(if: $no) { __typename } }",
    ],
)
def test_a_field_is_found_wherever_it_stands(text: str) -> None:
    name = "B" if "query A" in text else None
    assert forbidden_fields(text, name, Scope.RUN) == ["deleteWorkPool needs the scope 'admin'"]
    assert forbidden_fields(text, name, Scope.ADMIN) == []


def test_fragments_in_a_circle_come_to_an_end() -> None:
    text = "{ ...A } fragment A on Query { ...B apiTokens } fragment B on Query { ...A }"
    assert forbidden_fields(text, None, Scope.READ) == ["apiTokens needs the scope 'admin'"]
