"""Operations made at random from a schema, with arguments of right and of wrong types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

#: What is hard on whoever takes it for something else.
TEXTS = (
    *("", " ", "a", "\0", "\x1b[2J", "\ud800", "\U0001f4a5", "%_\\", "'; DROP TABLE flow; --"),
    *("x" * 300, "x" * 70_000, "../../etc/passwd", "null", "[1", "1e999", "2026-13-40T99:99:99Z"),
    *("2026-05-01T12:30:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    *("* * * * *", "FREQ=DAILY", "Europe/Berlin", "COMPLETED", "Completed", "RUNNING"),
)
NUMBERS = (0, 1, -1, 2, 50, 200, 201, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63 - 1, 2**63, 10**30)
FLOATS = (0.0, -0.5, 0.5, 1e-300, 1e18, 1e300, 5.0)
#: Arguments that ask the service to wait, and no more than a moment is waited for here.
WAITS = ("waitSeconds", "timeoutSeconds")
DEPTH = 4


class Operations:
    """Makes operations.

    Args:
        schema: what they are made from.
        known: texts that mean something to the service: ids, names, cursors.
        random: decides.
    """

    def __init__(self, schema: GraphQLSchema, known: Sequence[str], random: Random) -> None:
        self._schema = schema
        self._known = known
        self._random = random
        self._variables: dict[str, tuple[str, Any]] = {}

    def operation(self) -> tuple[str, dict[str, Any]]:
        """A query or a mutation, and its variables."""
        return self._operation(self._random.choice(("query", "query", "mutation")))

    def subscription(self) -> tuple[str, dict[str, Any]]:
        """A subscription, and its variables."""
        return self._operation("subscription")

    def _operation(self, kind: str) -> tuple[str, dict[str, Any]]:
        self._variables = {}
        root = self._schema.get_root_type(OperationType(kind))
        assert root is not None
        names = self._random.sample(sorted(root.fields), self._random.choice((1, 1, 1, 2)))
        body = " ".join(
            f"f{place}: {self._field(name, root.fields[name], DEPTH)}"
            for place, name in enumerate(names)
        )
        declared = ", ".join(f"${name}: {type}" for name, (type, _) in self._variables.items())
        head = f"{kind} ({declared})" if declared else kind
        return f"{head} {{ {body} }}", {name: v for name, (_, v) in self._variables.items()}

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        given = [
            f"{argument}: {self._given(argument, about)}"
            for argument, about in field.args.items()
            if isinstance(about.type, GraphQLNonNull) or self._random.random() < 0.4
        ]
        arguments = f"({', '.join(given)})" if given else ""
        return f"{name}{arguments}{self._selection(field.type, depth)}"

    def _selection(self, type: GraphQLType, depth: int) -> str:
        kind = get_named_type(type)
        if is_leaf_type(kind):
            return ""
        if is_abstract_type(kind):
            parts = [
                f"... on {one.name} {self._selection(one, depth)}"
                for one in self._schema.get_possible_types(kind)
            ]
            return f" {{ __typename {' '.join(self._random.sample(parts, min(2, len(parts))))} }}"
        assert isinstance(kind, GraphQLObjectType)
        fields = [
            (name, field)
            for name, field in kind.fields.items()
            if depth > 1 or is_leaf_type(get_named_type(field.type))
        ]
        chosen = self._random.sample(fields, min(len(fields), self._random.randint(1, 5)))
        inside = [
            f"{'' if is_leaf_type(get_named_type(field.type)) else f'{name}{place}: '}"
            f"{self._field(name, field, depth - 1)}"
            for place, (name, field) in enumerate(chosen)
            if is_leaf_type(get_named_type(field.type)) or depth > 1
        ]
        return f" {{ __typename {' '.join(inside)} }}"

    def _given(self, name: str, about: GraphQLArgument) -> str:
        """An argument's value: written out, or as a variable."""
        value = self._value(name, about.type)
        if self._random.random() < 0.7:
            key = f"v{len(self._variables)}"
            self._variables[key] = (str(about.type), value)
            return f"${key}"
        return _literal(value)

    def _value(self, name: str, type: GraphQLType) -> Any:
        if name in WAITS:
            return 0
        if self._random.random() < 0.03:
            return self._anything(3)
        if isinstance(type, GraphQLNonNull):
            return self._value(name, type.of_type)
        if self._random.random() < 0.05:
            return None
        if isinstance(type, GraphQLList):
            length = self._random.choice((0, 1, 1, 2, 3, 40))
            return [self._value(name, type.of_type) for _ in range(length)]
        if isinstance(type, GraphQLEnumType):
            return _Word(self._random.choice(sorted(type.values)))
        if isinstance(type, GraphQLInputObjectType):
            return {
                key: self._value(key, field.type)
                for key, field in type.fields.items()
                if _is_required(field) or self._random.random() < 0.4
            }
        return self._scalar(str(type))

    def _scalar(self, name: str) -> Any:
        match name:
            case "Int":
                return self._random.choice(NUMBERS[:10])
            case "Float":
                return self._random.choice((*FLOATS, *NUMBERS))
            case "Boolean":
                return self._random.random() < 0.5
            case "JSON" | "RecordBatch":
                return self._anything(3)
        return self._text()

    def _text(self) -> str:
        return self._random.choice(self._known if self._random.random() < 0.6 else TEXTS)

    def _anything(self, depth: int) -> Any:
        match self._random.randint(0, 6 if depth else 4):
            case 0:
                return self._random.choice((*NUMBERS, *FLOATS))
            case 1:
                return self._random.choice((True, False, None))
            case 2 | 3 | 4:
                return self._text()
            case 5:
                return [self._anything(depth - 1) for _ in range(self._random.randint(0, 4))]
        count = self._random.randint(0, 4)
        return {self._key(): self._anything(depth - 1) for _ in range(count)}

    def _key(self) -> str:
        keys = ("type", "name", "properties", "secret_fields", "$ref", "required", "a", "id")
        return self._random.choice(keys)


class _Word(str):
    """An enum's value: a word without quotes when it is written out."""


def _is_required(field: GraphQLInputField) -> bool:
    return isinstance(field.type, GraphQLNonNull)


def _literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, _Word):
        return str(value)
    if isinstance(value, dict):
        fields = (f"{key.replace('$', 'x')}: {_literal(one)}" for key, one in value.items())
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value)
