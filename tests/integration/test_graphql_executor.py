"""The short way for plain fields answers what graphql-core's own way does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from headrace_service.api.context import Context
from headrace_service.api.executor import PlainFieldsFirst, plain_fields
from headrace_service.api.schema import build_schema
from headrace_service.ledger import Ledger
from headrace_service.server import start_in_thread
from tests.builders import enters, flow_run, log_line, state, task_run
from tests.integration.graphql_kit import Socket, open_socket, take


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


QUERIES = [
    "{ flowRuns { nodes { name id again: name state { name t: type } startTime } } }",
    "{ flowRuns { nodes { ...A logs { nodes { message ...B } } name } } } "
    "fragment A on FlowRun { endTime flowName } fragment B on LogLine { level cursor }",
    "{ flowRuns { edges { cursor node { __typename id } } pageInfo { endCursor hasNextPage } } }",
    "{ node(id: ID) { __typename id ... on FlowRun { name stateHistory { name } runCount } } }",
    "{ taskRuns { nodes { id @skip(if: true) name @include(if: true) inputs { runId } tags } } }",
    "{ flowRuns(first: 999) { nodes { id } } flows { nodes { id } } }",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_both_ways_give_the_same_answer(ledger: Ledger, query: str) -> None:
    run = flow_run()
    task = task_run(run)
    take(ledger, run, task, log_line(run), enters(task, state("COMPLETED")), flow_run())
    quick, plain = build_schema(), build_schema()
    assert quick.execution_context_class is PlainFieldsFirst
    plain.execution_context_class = StrawberryGraphQLCoreExecutionContext
    answers = []
    for schema in (quick, plain):
        text = query.replace("ID", f'"{run.id}"')
        result = await schema.execute(text, context_value=Context(ledger))
        # The order of the fields counts: it is the order in which they were asked for.
        answers.append((repr(result.data), [error.formatted for error in result.errors or ()]))
    assert answers[0] == answers[1]


@strawberry.type
class Odd:
    """Values that do not fit their fields."""

    required: int
    optional: int | None
    fine: str = "fine"

    @strawberry.field
    async def later(self) -> str:
        """A field that is not plain."""
        return "later"


@strawberry.type
class Root:
    """A query for odd values."""

    @strawberry.field
    def odd(self, required: int | None, optional: str | None) -> Odd | None:
        """An object whose values may be of the wrong types."""
        values: dict[str, Any] = {"required": required, "optional": optional}
        return Odd(**values)


def answer_of(executor: type[StrawberryGraphQLCoreExecutionContext]) -> strawberry.Schema:
    return strawberry.Schema(query=Root, execution_context_class=executor)


@pytest.mark.parametrize(
    "arguments",
    ['required: 1, optional: "2"', "required: null, optional: null", 'required: 1, optional: "x"'],
)
async def test_errors_are_told_the_same_way(
    arguments: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = f"{{ odd({arguments}) {{ fine required later optional }} }}"
    quick = await answer_of(PlainFieldsFirst).execute(query)
    plain = await answer_of(StrawberryGraphQLCoreExecutionContext).execute(query)
    assert repr(quick.data) == repr(plain.data)
    assert [error.formatted for error in quick.errors or ()] == [
        error.formatted for error in plain.errors or ()
    ]


def test_what_is_plain_is_known_beforehand() -> None:
    types = build_schema()._schema.type_map
    plain = plain_fields(types["FlowRun"])  # type: ignore[arg-type]
    assert {"id", "name", "durationSeconds"} <= set(plain)
    assert not {"state", "logs", "tags", "parameters", "flow"} & set(plain)


FEEDS = [
    "subscription { flowRuns { events { flowRun { name } } } }",
    "subscription { flowRuns { events { ...E } } } fragment E on FlowRunEvent { flowRun { name } }",
    "subscription { flowRuns { ... on FlowRunEvents { events { x: flowRun { name } } } } }",
]


@pytest.mark.parametrize("query", FEEDS)
async def test_a_feed_brings_runs_however_they_are_asked_for(tmp_path: Path, query: str) -> None:
    running = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    try:
        async with open_socket(running.url) as socket:
            assert await first_run(socket, running.ledger, query) == {"name": "calm-heron"}
    finally:
        await asyncio.to_thread(running.stop)


async def first_run(socket: Socket, ledger: Ledger, query: str) -> object:
    """The run of the first event of a feed of flow runs."""
    await socket.subscribe(query)
    assert await socket.next() == {"flowRuns": {"events": []}}
    take(ledger, flow_run(name="calm-heron"))
    (event,) = (await socket.next())["flowRuns"]["events"]
    (value,) = event.values()
    return value
