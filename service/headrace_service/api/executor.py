"""Executes what most of an answer is, plain values of plain fields, without ceremony.

graphql-core makes a path, an info object and a round of type checks for every field. For a field
that is nothing but an attribute with a scalar or an enum in it, none of that is ever looked at;
leaving it out makes pages and feeds two to three times cheaper. Whatever is not as plain as that,
an error included, goes graphql-core's own way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple, TypeGuard

from graphql import GraphQLObjectType, is_leaf_type, is_non_null_type
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

from headrace_service.api.sharing import Answers


class PlainField(NamedTuple):
    """How a plain field is read: its attribute, what makes output of it, whether it may be null."""

    attribute: str
    output: Callable[[Any], Any]
    nullable: bool


def plain_fields(kind: GraphQLObjectType) -> dict[str, PlainField]:
    """A type's fields that are attributes with a scalar or an enum in them."""
    found: dict[str, PlainField] = {}
    for name, field in kind.fields.items():
        required = is_non_null_type(field.type)
        inner = field.type.of_type if required else field.type
        definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if definition is not None and definition.is_basic_field and is_leaf_type(inner):
            output = inner.coerce_output_value
            found[name] = PlainField(definition.python_name, output, not required)
    return found


class PlainFieldsFirst(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with a short way for plain fields."""

    #: By type; types belong to schemas, which live as long as the process.
    _plain: ClassVar[dict[GraphQLObjectType, dict[str, PlainField]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Strawberry gives its quicker test to queries and mutations only.
        self.is_awaitable = _is_awaitable

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        """The values of an object's fields, by their names in the answer."""
        answers: Answers | None = getattr(source_value, "answers", None)
        if answers is None:
            return self._execute(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        asked = tuple(one.node for details in grouped_field_set.values() for one in details)
        found = answers.get(asked)
        if found is None:
            errors = len(self.collected_errors.errors)
            found = self._execute(
                parent_type, source_value, path, grouped_field_set, position_context
            )
            if not self.is_awaitable(found) and len(self.collected_errors.errors) == errors:
                answers.keep(asked, found)
        return found

    def _execute(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        plain = self._plain.get(parent_type)
        if plain is None:
            plain = self._plain[parent_type] = plain_fields(parent_type)
        found: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for name, details in grouped_field_set.items():
            field = plain.get(details[0].node.name.value)
            if field is None:
                rest[name] = details
                continue
            value = getattr(source_value, field.attribute)
            if value is not None:
                try:
                    found[name] = field.output(value)
                except Exception:  # the long way finds it again, and says where it is
                    rest[name] = details
            elif field.nullable:
                found[name] = None
            else:
                rest[name] = details
        if not rest:
            return found
        others: Any = super().execute_fields(
            parent_type, source_value, path, rest, position_context
        )
        if not found:
            return others
        if not self.is_awaitable(others):
            return _merged(grouped_field_set, found, others)

        async def merged() -> dict[str, Any]:
            return _merged(grouped_field_set, found, await others)

        return merged()


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _merged(names: dict[str, Any], found: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Both parts of an answer, in the order in which they were asked for."""
    both = found | others
    return {name: both[name] for name in names if name in both}
