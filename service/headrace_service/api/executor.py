"""Executes what most of an answer is, plain values of plain fields, without ceremony.

graphql-core makes a path, an info object and a round of type checks for every field. Of what is
plain (see `plain`) none of that is ever looked at; leaving it out makes pages two to three times
cheaper, and messages of feeds, most of which are plain as a whole, many times. Whatever is not as
plain as that, an error included, goes graphql-core's own way.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, NamedTuple, TypeGuard

from graphql import ExecutionResult, GraphQLObjectType, OperationType
from graphql.execution.collect_fields import FieldDetails, collect_fields
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from headrace_service.api.plain import PlainField, Read, plain_field, reader

#: Fields by their names in the answer, and where each is asked for.
Asked = dict[str, list[FieldDetails]]


class Plan(NamedTuple):
    """How the fields of an object are answered."""

    #: What is asked for; it is known by its id, so it has to stay.
    asked: Asked
    plain: list[PlainField]
    rest: Asked


class Answered(NamedTuple):
    """A message of a feed whose answer is there already; stands for its executor."""

    answer: dict[str, Any]

    def execute_operation(self, serially: bool | None = None) -> ExecutionResult:
        """The answer."""
        return ExecutionResult(self.answer, None)


class PlainFieldsFirst(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with a short way for plain fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Strawberry gives its quicker test to queries and mutations only.
        self.is_awaitable = _is_awaitable
        self._plans: dict[int, Plan] = {}
        # Of a subscription: what its messages are asked for, and the name of its one field and how
        # that is read. The executors of messages are copies, which share all of this.
        self._asked: Asked | None = None
        self._name: str = ""
        self._read: Read | None = None

    def build_per_event_executor(self, payload: Any) -> Any:
        """What executes a message of a feed."""
        if self._asked is None:
            self._ask()
        if self._read is not None:
            with suppress(Exception):  # the long way finds it again, and says where it is
                return Answered({self._name: self._read(payload)})
        return super().build_per_event_executor(payload)

    def _ask(self) -> None:
        """See what each message of a feed is asked for, and whether all of it is plain."""
        root = self.schema.get_root_type(OperationType.SUBSCRIPTION)
        assert root is not None
        collected = collect_fields(
            self.schema, self.fragments, self.variable_values, root, self.operation
        )
        self._asked = collected.grouped_field_set
        ((self._name, details),) = self._asked.items()
        kind = root.fields[details[0].node.name.value].type
        self._read = reader(kind, details, self.collect_subfields)

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: Asked,
        serially: bool,
        position_context: Any,
    ) -> Any:
        """The values of an operation's fields.

        All messages of a feed are asked with the very same objects: what is remembered of these
        would else grow with each message.
        """
        return super().execute_root_grouped_field_set(
            root_type, root_value, self._asked or grouped_field_set, serially, position_context
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Asked,
        position_context: Any,
    ) -> Any:
        """The values of an object's fields, by their names in the answer."""
        plan = self._plans.get(id(grouped_field_set))
        if plan is None:
            plan = self._plans[id(grouped_field_set)] = self._plan(parent_type, grouped_field_set)
        found: dict[str, Any] = {}
        rest = plan.rest
        for name, get, nullable, read in plan.plain:
            try:
                value = get(source_value)
                if value is not None:
                    found[name] = read(value)
                    continue
            except Exception:  # the long way finds it again, and says where it is
                nullable = False
            if nullable:
                found[name] = None
            else:
                rest = {**rest, name: grouped_field_set[name]}
        if not rest:
            return found
        others: Any = super().execute_fields(
            parent_type, source_value, path, rest, position_context
        )
        if not self.is_awaitable(others):
            return _merged(grouped_field_set, found, others)

        async def merged() -> dict[str, Any]:
            return _merged(grouped_field_set, found, await others)

        return merged()

    def _plan(self, kind: GraphQLObjectType, asked: Asked) -> Plan:
        fields = [
            plain_field(kind, name, details, self.collect_subfields)
            for name, details in asked.items()
        ]
        plain = [field for field in fields if field is not None]
        rest = {name: asked[name] for name, field in zip(asked, fields, strict=True) if not field}
        return Plan(asked, plain, rest)


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _merged(names: Asked, found: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Both parts of an answer, in the order in which they were asked for."""
    both = found | others
    return {name: both[name] for name in names if name in both}
