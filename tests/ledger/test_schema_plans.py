"""Every list of the schema, narrowed by each filter and in each order: no table that grows with the
number of runs is read as a whole and sorted, and none is read row by row but for the filters that
docs/graphql.md names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_object_type,
)
from strawberry.utils.str_converters import to_camel_case

from headrace_service.api.schema import schema
from headrace_service.ledger import Ledger
from tests.builders import custom_event, flow_run, log_line, task_run
from tests.integration.graphql_kit import ask, take
from tests.ledger.test_queries_filters import SOUGHT
from tests.ledger.test_queries_plans import Statements, statements

__all__ = ["statements"]

#: Where the lists are that belong to something.
PLACES = {
    "Query": "{{ {} }}",
    "Flow": "{{ flows(first: 1) {{ nodes {{ {} }} }} }}",
    "FlowRun": "{{ flowRuns(first: 1) {{ nodes {{ {} }} }} }}",
    "TaskRun": "{{ taskRuns(first: 1) {{ nodes {{ {} }} }} }}",
}
#: Tables that grow with the number of runs.
GROWING = {"flow_run", "task_run", "event", "log", "artifact"}

_VALUES = {
    "String": "abc",
    "ID": "019b7728-8000-7000-8000-000000000001",
    "Int": 3,
    "Float": 1.5,
    "Boolean": True,
    "DateTime": "2026-01-01T00:00:00Z",
}
_NAMES = {
    "min_duration": "minDurationSeconds",
    "max_duration": "maxDurationSeconds",
}


def _camels(fields: dict[str, Any]) -> set[str]:
    return {_NAMES.get(name, to_camel_case(name)) for name in fields}


#: What is looked for row by row in the list's order, by the kind of what is listed.
BY_ROW = {
    "FlowRunConnection": _camels(SOUGHT["flow runs"]),
    "TaskRunConnection": _camels(SOUGHT["task runs"]),
    "LogConnection": {"minLevel", "messageContains", "since", "until", "includeSubflows"},
    "ArtifactConnection": {"keyContains", "types", "latestOnly"},
    "EventConnection": {"name"},
}


class Case(NamedTuple):
    """A list, and the one argument that it is given."""

    place: str
    field: str
    kind: str
    declared: str
    passed: str
    variables: dict[str, Any]
    narrowed: str | None

    @property
    def query(self) -> str:
        """The question for it."""
        inner = f"{self.field}{self.passed} {{ nodes {{ __typename }} }}"
        return f"query {self.declared} {PLACES[self.place].format(inner)}"


def value_of(kind: Any) -> Any:
    """Some value of a type."""
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type)]
    return next(iter(kind.values)) if isinstance(kind, GraphQLEnumType) else _VALUES[kind.name]


def arguments(field: GraphQLField) -> Iterator[tuple[str, Any, str | None]]:
    """The arguments of a list, each with each thing that it can say; and which filter that is."""
    for name, argument in field.args.items():
        kind = get_nullable_type(argument.type)
        if name in ("first", "after", "last", "before"):
            continue
        if isinstance(kind, GraphQLInputObjectType):
            for part, given in kind.fields.items():
                yield name, {part: value_of(given.type)}, part
        elif isinstance(kind, GraphQLEnumType):
            for order in kind.values:
                yield name, order, None
        else:
            yield name, value_of(kind), name


def cases() -> Iterator[Case]:
    """All lists, as they are, narrowed, and in each order."""
    for place, type in schema._schema.type_map.items():
        for name, field in type.fields.items() if is_object_type(type) else ():
            kind = get_named_type(field.type).name
            if not kind.endswith("Connection"):
                continue
            yield Case(place, name, kind, "", "", {}, None)
            for argument, value, narrowed in arguments(field):
                # Of all task runs there is no order but that of creation; of one run's there are.
                of_run = {"flowRunId": _VALUES["ID"]} if kind == "TaskRunConnection" else {}
                more = {"filter": of_run} if argument == "orderBy" and of_run else {}
                given = {argument: value, **more}
                declared = ", ".join(f"${each}: {field.args[each].type}" for each in given)
                passed = ", ".join(f"{each}: ${each}" for each in given)
                yield Case(place, name, kind, f"({declared})", f"({passed})", given, narrowed)


def faults(case: Case, statements: Statements) -> Iterator[str]:
    """What is wrong with how SQLite reads what the case has made it read."""
    for sql, params in list(statements.seen):
        statements.seen[:] = [(sql, params)]
        steps = statements.plan()
        tables = {alias: table for table, alias in re.findall(r'"(\w+)" AS "(\w+)"', sql)}
        scanned = {tables.get(step.split()[1]) for step in steps if step.startswith("SCAN")}
        if not scanned & GROWING:
            continue
        if [step for step in steps if "TEMP B-TREE" in step]:
            yield f"{case}: all is sorted: {steps}"
        elif case.narrowed is not None and case.narrowed not in BY_ROW.get(case.kind, ()):
            yield f"{case}: all is looked at: {steps}"


async def test_each_list_by_each_filter_and_in_each_order_is_read_by_an_index(
    file_ledger: Ledger, statements: Statements
) -> None:
    run = flow_run()
    task = task_run(run)
    take(file_ledger, run, task, log_line(run), custom_event(run))
    found: list[str] = []
    for case in cases():
        statements.seen.clear()
        await ask(file_ledger, case.query, **case.variables)
        if case.place != "Query":  # what it belongs to is read by a statement of its own, first
            statements.seen[:] = [each for each in statements.seen if '"parent"' in each[0]]
        assert statements.seen, case
        found += faults(case, statements)
    assert found == []
    assert {case.place for case in cases()} == PLACES.keys()
