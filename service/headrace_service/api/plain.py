"""How plain values are read, at any depth: by a function that is put together once.

A field is plain when it is an attribute, or a method that looks at nothing but the object, and has
a scalar or an enum, an object all of whose fields that are asked for are plain, or a list of such.

Whoever asks for the same is given the same function, by whatever text, fragments or variables it
was asked. So it tells which answers about an object can be shared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from strawberry.schema.schema_converter import GraphQLCoreConverter

from headrace_service.api.sharing import Answers

#: Ways of reading that are remembered; one that is forgotten is put together anew.
REMEMBERED = 4_096

#: Gets a field's value from its object.
Get = Callable[[Any], Any]
#: Makes output of a value that is not None. Whatever it raises: the value does not fit.
Read = Callable[[Any], Any]
#: What is asked for below a field whose value is of a type.
Collect = Callable[[GraphQLObjectType, list[FieldDetails]], CollectedFields]


class Unfit(Exception):
    """There is no value, or none of its kind. What is wrong with it, graphql-core tells."""


class PlainField(NamedTuple):
    """A field that is asked for: its name in the answer, and where and how its value is read."""

    name: str
    get: Get
    nullable: bool
    read: Read


def plain_field(
    parent: GraphQLObjectType, name: str, details: list[FieldDetails], collect: Collect
) -> PlainField | None:
    """How a field is read, if it is plain.

    Args:
        parent: the type of the object that has it.
        name: its name in the answer.
        details: where it is asked for.
        collect: tells what is asked for below it.
    """
    asked = details[0].node.name.value
    if asked == "__typename":
        return PlainField(name, type, False, _constant(parent.name))
    found = _getters(parent).get(asked)
    if found is None:
        return None
    get, kind = found
    read = reader(kind, details, collect)
    return read and PlainField(name, get, not is_non_null_type(kind), read)


def reader(kind: GraphQLOutputType, details: list[FieldDetails], collect: Collect) -> Read | None:
    """How a value is read of which all that is asked for is plain; None where it is not.

    Args:
        kind: the value's type; of what may be null, only what is not null is read.
        details: where it is asked for.
        collect: tells what is asked for below it.
    """
    inner: Any = kind.of_type if is_non_null_type(kind) else kind
    if is_leaf_type(inner):
        output: Read = inner.coerce_output_value
        return output
    if is_list_type(inner):
        read = reader(inner.of_type, details, collect)
        return read and _each(read, not is_non_null_type(inner.of_type))
    if not isinstance(inner, GraphQLObjectType):
        return None
    collected = collect(inner, details)
    if collected.new_defer_usages:
        return None
    fields = [
        plain_field(inner, name, below, collect)
        for name, below in collected.grouped_field_set.items()
    ]
    plain = tuple(field for field in fields if field is not None)
    return _object(plain, *_class_of(inner)) if len(plain) == len(fields) else None


@cache
def _getters(kind: GraphQLObjectType) -> dict[str, tuple[Get, GraphQLOutputType]]:
    """How the fields of a type are got that need nothing but the object, and their types."""
    found: dict[str, tuple[Get, GraphQLOutputType]] = {}
    for name, field in kind.fields.items():
        definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if definition is None or definition.extensions:
            continue
        resolver = definition.base_resolver
        if resolver is None:
            found[name] = _attribute(definition.python_name), field.type
        elif list(resolver.signature.parameters) == ["self"] and not resolver.is_async:
            found[name] = resolver.wrapped_func, field.type
    return found


@cache
def _class_of(kind: GraphQLObjectType) -> tuple[type | None, bool]:
    """The class that objects of a type must be of, if that matters; whether they keep answers."""
    origin = kind.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
    return None if kind.is_type_of is None else origin, "answers" in origin.__dataclass_fields__


@lru_cache(REMEMBERED)
def _attribute(name: str) -> Get:
    return attrgetter(name)


@lru_cache(REMEMBERED)
def _constant(value: str) -> Read:
    return lambda _: value


@lru_cache(REMEMBERED)
def _each(read: Read, nullable: bool) -> Read:
    """How a list is read."""

    def read_each(values: Any) -> list[Any]:
        if type(values) is not list:
            raise Unfit
        answers = [None if value is None else read(value) for value in values]
        if not nullable and None in answers:
            raise Unfit
        return answers

    return read_each


@lru_cache(REMEMBERED)
def _object(fields: tuple[PlainField, ...], kind: type | None, shares: bool) -> Read:
    """How an object is read."""

    def read_object(source: Any) -> dict[str, Any]:
        if kind is not None and type(source) is not kind:
            raise Unfit
        answer: dict[str, Any] = {}
        for name, get, nullable, read in fields:
            value = get(source)
            if value is not None:
                answer[name] = read(value)
            elif nullable:
                answer[name] = None
            else:
                raise Unfit
        return answer

    def read_shared(source: Any) -> dict[str, Any]:
        answers: Answers = source.answers
        return answers.get(read_object) or answers.keep(read_object, read_object(source))

    return read_shared if shares else read_object
