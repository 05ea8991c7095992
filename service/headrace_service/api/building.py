"""How a schema is put together, of all operations or of some."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing, nullcontext
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult, StreamExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from headrace_service.api.context import Context, FreshContext
from headrace_service.api.errors import MaskErrors, Unauthenticated
from headrace_service.api.executor import PlainFieldsFirst
from headrace_service.api.limits import OncePerText, is_subscription
from headrace_service.api.measuring import Measured
from headrace_service.api.permissions import Permitted
from headrace_service.api.queries import Query
from headrace_service.api.scalars import SCALARS

#: What a caller is told whose token has ended while it was connected.
NO_LONGER = "the token counts no longer, or one is needed now; connect anew with one that counts"


class Hooks(SchemaExtensionsRunner):
    """The extensions' hooks, without those of a message in which there is nothing for them."""

    def on_stream_result(self, result: StreamExecutionResult) -> Any:
        """What is done about a message: its errors are masked."""
        return (
            super().on_stream_result(result) if getattr(result, "errors", None) else nullcontext()
        )

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """What extensions add to an answer: ours add nothing."""
        return {}


class Schema(strawberry.Schema):
    """Strawberry's schema; errors are logged where they are masked, and nowhere else."""

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> Hooks:
        """What calls the extensions of an operation."""
        return Hooks(execution_context, extensions)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Do nothing: the caller's errors are no news, ours are logged under their id."""

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> StreamResult:
        """The answers to an operation, one by one."""
        results = await super().stream(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            operation_extensions,
            allowed_operation_types,
        )
        if is_subscription(query, operation_name):
            results = _refused_first(results)
        assert isinstance(context_value, Context)
        return _while_admitted(context_value, results)


async def _refused_first(results: StreamResult) -> StreamResult:
    """The answers to a subscription, where one that begins with an error never began.

    A websocket's client hears of it in a message of its own kind, and not as of something new.
    """
    async with aclosing(results):
        first = True
        async for result in results:
            if first and isinstance(result, ExecutionResult) and result.data is None:
                yield PreExecutionError(None, result.errors, result.extensions)
                return
            first = False
            yield result


async def _while_admitted(context: Context, results: StreamResult) -> StreamResult:
    """The answers for as long as the caller's token counts: it may be revoked meanwhile."""
    async with aclosing(results):
        if not await context.is_admitted():
            yield PreExecutionError(None, [Unauthenticated(NO_LONGER)])
            return
        async for result in results:
            if not await context.is_admitted():
                yield ExecutionResult(None, [Unauthenticated(NO_LONGER)])
                return
            yield result


def build(
    mutation: type | None = None,
    subscription: type | None = None,
    types: Iterable[type] = (),
    *,
    sort: bool = False,
) -> Schema:
    """A schema of the queries, and of what else is given.

    Args:
        mutation, subscription: the types whose fields those are.
        types: types that no field has.
        sort: for printing only, since a sorted schema can no longer tell the types of unions apart.
    """
    built = Schema(
        query=Query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        execution_context_class=PlainFieldsFirst,
        extensions=[Measured, FreshContext, OncePerText, Permitted, MaskErrors],
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=sort),
    )
    _leave_out_null_defaults(built._schema)
    return built


def _leave_out_null_defaults(schema: GraphQLSchema) -> None:
    """Make what defaults to null optional, no more: to say "= null" everywhere helps nobody.

    A resolver that is not given an argument takes its own default, which is None.
    """
    for kind in schema.type_map.values():
        places: list[GraphQLArgument | GraphQLInputField] = []
        if isinstance(kind, GraphQLInputObjectType):
            places.extend(kind.fields.values())
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            places.extend(arg for field in kind.fields.values() for arg in field.args.values())
        for place in places:
            if place.default_value is None:
                place.default_value = Undefined
