"""Parsing and validation, done once for each text of a query, and the limits on what is asked."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from headrace.records import read_at_once
from headrace_service.api.errors import InputError
from headrace_service.api.measure import check_measure

#: How many words and signs a query may have.
MAX_TOKENS = 4_000


#: How many characters a query may have, and how many one may have that is kept with what came of
#: it. A text that is all signs takes 2 MB when it is parsed, so that not many are kept.
MAX_QUERY, MAX_KEPT, KEPT = 200_000, 20_000, 64


def parsed(text: str) -> DocumentNode:
    """The document of a query's text.

    Raises:
        InputError: it has too many characters, or asks for too much.
        GraphQLError: it is no GraphQL, or has too many words.
    """
    return _kept_document(text) if len(text) <= MAX_KEPT else _document(text)


def _document(text: str) -> DocumentNode:
    if len(text) > MAX_QUERY:
        raise InputError(
            f"query: {len(text)} characters are more than {MAX_QUERY}; pass values as variables",
            "query",
            "QueryTooLong",
        )
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
    except RecursionError:
        raise InputError("query: it is nested too deep", "query", "QueryTooLarge") from None
    check_measure(document)
    return document


_kept_document = functools.lru_cache(maxsize=KEPT)(_document)


class OncePerText(SchemaExtension):
    """Parses and validates each text of a query once, and keeps what came of it."""

    def on_parse(self) -> Iterator[None]:
        """Take the document from the cache."""
        if self.execution_context.query:
            self.execution_context.graphql_document = parsed(self.execution_context.query)
        yield

    def on_validate(self) -> Iterator[None]:
        """Take the errors from the cache."""
        context = self.execution_context
        schema = context.schema._schema
        if context.query:
            errors = _kept_errors if len(context.query) <= MAX_KEPT else _errors
            context.pre_execution_errors = list(
                errors(schema, context.query, context.validation_rules)
            ) or list(_which(context.query, context._provided_operation_name))
        yield


def _which(text: str, operation_name: str | None) -> Iterator[InputError]:
    """What is wrong where it is not said which of several operations is meant: none is executed."""
    kinds = [isinstance(one, OperationDefinitionNode) for one in parsed(text).definitions]
    if operation_name is None and sum(kinds) > 1:
        message = f"operationName: the query has {sum(kinds)} operations; say which is meant"
        yield InputError(message, "operationName")


def _errors(schema: GraphQLSchema, text: str, rules: tuple[type, ...]) -> tuple[GraphQLError, ...]:
    document = parsed(text)
    # What a value is not, is the caller's to mend, however Python has found out.
    return tuple(
        GraphQLError(error.message, error.nodes)
        if isinstance(error.original_error, ValueError)
        else error
        for error in validate_document(schema, document, rules)
    )


_kept_errors = functools.lru_cache(maxsize=KEPT)(_errors)


def is_subscription(text: str | None, operation_name: str | None) -> bool:
    """Whether the operation of that name, or the only one, is a subscription."""
    try:
        operation = get_operation_ast(parsed(text or ""), operation_name)
    except GraphQLError:  # told of when it is executed
        return False
    return operation is not None and operation.operation is OperationType.SUBSCRIPTION


_ABOUT_THE_SCHEMA = re.compile(r"__(?:schema|type)\b")


def is_question(text: str) -> bool:
    """Whether all that a text has is queries, which do not ask about the schema itself."""
    try:
        document = parsed(text)
    except (GraphQLError, InputError):
        return False
    return _ABOUT_THE_SCHEMA.search(text) is None and all(
        definition.operation is OperationType.QUERY
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    )


#: Scalars that stay JSON bytes, for whoever they are meant for to decode.
RAW_SCALARS = ("RecordBatch", "SlotExchange")


def raw_variables(text: str) -> frozenset[str]:
    """The names of the variables that stay JSON bytes."""
    try:
        document = parsed(text)
    except GraphQLError:
        return frozenset()
    names = set()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions or ():
                kind = variable.type
                named = kind.type if isinstance(kind, NonNullTypeNode) else kind
                if isinstance(named, NamedTypeNode) and named.name.value in RAW_SCALARS:
                    names.add(variable.variable.name.value)
    return frozenset(names)


class _Request(msgspec.Struct):
    query: str | None = None
    variables: dict[str, msgspec.Raw] | None = None
    operationName: str | None = None  # the protocol's spelling
    extensions: dict[str, object] | None = None


_decode_request = msgspec.json.Decoder(_Request).decode


class _Operation(msgspec.Struct):
    query: str
    variables: dict[str, object] | None = None
    operationName: str | None = None  # the protocol's spelling


read_at_once(_Operation)
_decode_message = msgspec.json.Decoder(dict[str, Any]).decode


def decode_message(text: str) -> dict[str, Any]:
    """A websocket's message.

    Raises:
        msgspec.DecodeError: it is not JSON, or not of the form that the protocol gives it.
    """
    message = _decode_message(text)
    if message.get("type") == "subscribe":
        msgspec.convert(message.get("payload"), _Operation)
    if not isinstance(message.get("id", ""), str):
        raise msgspec.ValidationError("Expected `str` - at `$.id`")
    return message


def decode_request(body: bytes | str) -> dict[str, object]:
    """A request's JSON, where record batches and the like are left as JSON to be decoded later.

    A batch of 1,000 records is so decoded once, into the types that it is stored from.

    Raises:
        msgspec.DecodeError: it is not JSON, or not a GraphQL request.
    """
    request = _decode_request(body)
    variables: dict[str, object] | None = None
    if request.variables is not None:
        raw = raw_variables(request.query) if request.query else frozenset()
        variables = {
            name: value if name in raw else msgspec.json.decode(value)
            for name, value in request.variables.items()
        }
    return {
        "query": request.query,
        "variables": variables,
        "operationName": request.operationName,
        "extensions": request.extensions,
    }
