"""`schema.graphql` is what the service serves, and every part of it is described."""

from __future__ import annotations

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    build_schema,
)

from headrace.records import StateType
from headrace_service.api.schema import print_schema

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


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


def test_the_states_are_those_of_the_records() -> None:
    served = build_schema(COMMITTED.read_text()).type_map["StateType"]
    assert isinstance(served, GraphQLEnumType)
    assert set(served.values) == set(StateType.__members__)
