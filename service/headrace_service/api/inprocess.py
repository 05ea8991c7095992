"""The same schema without a network, for scripts that have no service."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from strawberry.http import process_result
from strawberry.schema.exceptions import CannotGetOperationTypeError

from headrace_service.api.building import Schema
from headrace_service.api.context import Context
from headrace_service.api.limits import is_question
from headrace_service.ledger import Ledger


async def execute(
    ledger: Ledger,
    query: str,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
) -> dict[str, Any]:
    """Answer a query or mutation as the service would: an object with `data` and `errors`.

    Args:
        ledger: what is asked.
        query: the operation, in GraphQL.
        variables: its variables, as plain values.
        operation_name: which operation is meant, where the text has several.
    """
    try:
        result = await schema_for(query).execute(
            query,
            variable_values=dict(variables or {}),
            context_value=Context(ledger),
            operation_name=operation_name,
        )
    except CannotGetOperationTypeError as error:
        return {"data": None, "errors": [{"message": error.as_http_error_reason()}]}
    return dict(process_result(result))


async def subscribe(
    ledger: Ledger, query: str, variables: Mapping[str, Any] | None = None
) -> AsyncGenerator[dict[str, Any], None]:
    """Answer a subscription, message by message; `ledger.feed` is started in this event loop."""
    results = await whole_schema().subscribe(
        query, variable_values=dict(variables or {}), context_value=Context(ledger)
    )
    async with aclosing(results):
        async for result in results:
            yield dict(process_result(result))


def schema_for(query: str) -> Schema:
    """The schema that can answer: for a question, its queries alone if the whole is not there.

    It is put together the first time, which takes most of what a first question takes.
    """
    if "headrace_service.api.schema" not in sys.modules and is_question(query):
        from headrace_service.api.questions import schema

        return schema
    return whole_schema()


def whole_schema() -> Schema:
    """The schema; put together the first time."""
    from headrace_service.api.schema import schema

    return schema
