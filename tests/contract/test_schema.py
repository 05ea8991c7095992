"""`schema.graphql` is what the service serves, described in every part, and breaks nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import (
    BreakingChange,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    find_schema_changes,
    get_named_type,
    get_nullable_type,
)

from headrace.records import StateType
from headrace_service.api import questions
from headrace_service.api.schema import print_schema
from headrace_service.api.schema import schema as served_schema

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "schema.graphql"
#: The schema that clients in use were written for.
BASELINE = Path(__file__).parent / "schema-baseline.graphql"
NAMED = ROOT / "docs" / "schema-changes.md"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text() == print_schema(), "run `make schema` and look at the difference"


def undescribed(kind: GraphQLNamedType) -> list[str]:
    """The parts of a type that nobody described."""
    missing = [] if kind.description else [kind.name]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            missing += [] if field.description else [f"{kind.name}.{name}"]
            missing += [
                f"{kind.name}.{name}({argument}:)"
                for argument, about in field.args.items()
                if not about.description
            ]
    elif isinstance(kind, GraphQLInputObjectType):
        missing += [
            f"{kind.name}.{name}" for name, field in kind.fields.items() if not field.description
        ]
    elif isinstance(kind, GraphQLEnumType):
        missing += [
            f"{kind.name}.{name}" for name, value in kind.values.items() if not value.description
        ]
    return missing


def test_every_field_argument_and_value_is_described() -> None:
    schema = build_schema(COMMITTED.read_text())
    ours = [
        kind
        for name, kind in schema.type_map.items()
        if not name.startswith("__") and name not in {"String", "Int", "Float", "Boolean", "ID"}
    ]
    assert len(ours) > 20
    assert [part for kind in ours for part in undescribed(kind)] == []


def read_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """The types of objects that queries lead to, the root included."""
    assert schema.query_type is not None
    found: dict[str, GraphQLObjectType] = {}
    waiting: list[GraphQLNamedType] = [schema.query_type]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, GraphQLObjectType) and kind.name not in found:
            found[kind.name] = kind
            waiting += [get_named_type(field.type) for field in kind.fields.values()]
    return list(found.values())


def test_every_list_is_a_page_or_says_why_it_cannot_grow() -> None:
    lists = [
        (f"{kind.name}.{name}", field)
        for kind in read_types(build_schema(COMMITTED.read_text()))
        if not kind.name.endswith("Connection")  # a page: 200 rows at most
        for name, field in kind.fields.items()
        if isinstance(get_nullable_type(field.type), GraphQLList)
        and isinstance(get_named_type(field.type), GraphQLObjectType)
    ]
    assert len(lists) > 10
    grow = [
        name
        for name, field in lists
        if not {"first", "limit"} & set(field.args)
        and not re.search(r"at most|each (type|kind)", field.description or "")
    ]
    assert grow == [], "make a connection of it, or say in its description how many there can be"


def test_the_states_are_those_of_the_records() -> None:
    served = build_schema(COMMITTED.read_text()).type_map["StateType"]
    assert isinstance(served, GraphQLEnumType)
    assert set(served.values) == set(StateType.__members__)


def test_every_mutation_answers_what_the_caller_can_mend() -> None:
    schema = build_schema(COMMITTED.read_text())
    assert schema.mutation_type is not None
    error = schema.type_map["UserError"]
    assert isinstance(error, GraphQLInterfaceType)
    for name, field in schema.mutation_type.fields.items():
        answer = get_named_type(field.type)
        assert isinstance(answer, GraphQLUnionType), f"{name} answers no union"
        mendable = {kind.name for kind in answer.types if error in kind.interfaces}
        assert "InvalidInput" in mendable, f"{name} cannot say what is wrong with its input"
        assert len(mendable) < len(answer.types), f"{name} answers nothing but errors"


def test_every_kind_of_error_is_a_user_error() -> None:
    schema = build_schema(COMMITTED.read_text())
    answers = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLUnionType)]
    told = {"code", "message", "field"}
    for answer in answers:
        for kind in answer.types:
            is_error = any(interface.name == "UserError" for interface in kind.interfaces)
            assert is_error or not told <= set(kind.fields), kind.name


def breaking(before: str, after: str) -> list[str]:
    """What an operation written for the one schema may miss in the other."""
    changes = find_schema_changes(build_schema(before), build_schema(after))
    return [change.description for change in changes if isinstance(change, BreakingChange)]


def test_a_breaking_change_is_named_where_people_look_for_it() -> None:
    named = NAMED.read_text()
    changes = breaking(BASELINE.read_text(), print_schema())
    unnamed = [description for description in changes if f"`{description}`" not in named]
    assert unnamed == [], f"undo them, or name them in {NAMED.name}, which tells how"


@pytest.mark.parametrize(
    ("old", "new", "description"),
    [
        ("  wireVersion: Int!", "  wire: Int!", "Field ServerInfo.wireVersion was removed."),
        (
            'node(\n    """Its id."""\n    id: ID!',
            "node(\n    id: ID!\n    kind: String!",
            "A required argument Query.node(kind:) was added.",
        ),
    ],
)
def test_the_check_sees_what_breaks(old: str, new: str, description: str) -> None:
    baseline = BASELINE.read_text()
    assert old in baseline
    assert breaking(baseline, baseline.replace(old, new)) == [description]
    assert breaking(baseline, baseline) == []


def test_the_queries_alone_are_those_of_the_whole_schema() -> None:
    whole, alone = served_schema._schema, questions.schema._schema
    for name, kind in alone.type_map.items():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            found = {each.name for each in alone.get_possible_types(kind)}
            same = whole.type_map[name]
            assert isinstance(same, GraphQLInterfaceType | GraphQLUnionType)
            assert found == {each.name for each in whole.get_possible_types(same)}
