"""What the client asks fits the schema, and so does every variable that it sends."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_operation_ast,
    parse,
    validate,
)

from headrace.client import automated, limit_operations, operations, run_operations, saved, work
from headrace.client.operations import Operation
from headrace_service.api.schema import print_schema

#: A value for each annotation of a parameter that has no default.
SAMPLES: dict[str, Any] = {
    "str": "x",
    "bytes": b"x",
    "object": None,
    "bool": True,
    "float": 1.0,
    "int": 1,
    "Sequence": [],
    "Mapping": {},
    "list": [],
    "Where": {},
    "UUID": "00000000-0000-7000-8000-000000000000",
}


def operations_of(module: ModuleType) -> list[Any]:
    return [
        pytest.param(value, id=f"{module.__name__.rpartition('.')[2]}.{name}")
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and str(inspect.signature(value).return_annotation).startswith("Operation")
    ]


def sample(annotation: str) -> Any:
    first = annotation.split("|")[0].split("[")[0].strip()
    return SAMPLES[first]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(print_schema())


@pytest.mark.parametrize(
    "function",
    [
        each
        for module in (automated, operations, saved, limit_operations, run_operations, work)
        for each in operations_of(module)
    ],
)
def test_an_operation_fits_the_schema(function: Any, schema: GraphQLSchema) -> None:
    parameters = inspect.signature(function).parameters.values()
    required = {
        parameter.name: sample(parameter.annotation)
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    asked: Operation[Any] = function(**required)
    document = parse(asked.document)
    assert validate(schema, document) == []
    operation = get_operation_ast(document)
    assert isinstance(operation, OperationDefinitionNode)
    declared = {
        definition.variable.name.value for definition in operation.variable_definitions or ()
    }
    assert set(asked.variables) <= declared
    assert asked.field in {
        selection.name.value  # type: ignore[attr-defined]
        for selection in operation.selection_set.selections
    }
