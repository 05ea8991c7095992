"""The short way for plain fields answers what graphql-core's own way does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from headrace.records import Record
from headrace_service.api.context import Context
from headrace_service.api.executor import PlainFieldsFirst
from headrace_service.api.plain import Read
from headrace_service.api.schema import build_schema
from headrace_service.api.schema import schema as whole
from headrace_service.api.sharing import KEPT, Answers
from headrace_service.ledger import Ledger
from headrace_service.server import start_in_thread
from headrace_tui.operations import FLOW_RUN_EVENTS, LOG_LINES, TASK_RUN_EVENTS
from tests.builders import custom_event, enters, flow_run, log_line, state, task_run
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
@pytest.mark.parametrize("fields", ["fine required later optional", "optional later"])
async def test_errors_are_told_the_same_way(
    arguments: str, fields: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = f"{{ odd({arguments}) {{ {fields} }} }}"
    quick = await answer_of(PlainFieldsFirst).execute(query)
    plain = await answer_of(StrawberryGraphQLCoreExecutionContext).execute(query)
    assert repr(quick.data) == repr(plain.data)
    assert [error.formatted for error in quick.errors or ()] == [
        error.formatted for error in plain.errors or ()
    ]


#: Operations and their variables.
Asking = tuple[str, dict[str, Any]]

SAME: list[Asking] = [
    ("subscription { taskRuns { cursor events { taskRunId state { type } } } }", {}),
    (
        "subscription ($run: ID, $no: Boolean!) { taskRuns(flowRunId: $run) { cursor ...E } } "
        "fragment E on TaskRunEvents { events { taskRunId cursor @include(if: $no) ...S } } "
        "fragment S on TaskRunEvent { state { name @include(if: $no) type } }",
        {"run": "0198c2f0-0000-7000-8000-000000000000", "no": False},
    ),
]
OTHERS: list[Asking] = [
    ("subscription { taskRuns { cursor events { taskRunId state { name } } } }", {}),
    ("subscription { taskRuns { cursor events { id: taskRunId state { type } } } }", {}),
    ("subscription { taskRuns { cursor events { state { type } taskRunId } } }", {}),
    (SAME[1][0], {"no": True}),
]
NOT_PLAIN = [
    "subscription { taskRuns { cursor events { taskRunId state { type result } } } }",
    "subscription { flowRuns { events { flowRun { name logs { nodes { message } } } } } }",
]
RUNS: list[Asking] = [
    ("subscription { taskRuns { events { taskRun { id tags inputs { runId } } } } }", {}),
    (
        "subscription { flowRuns { events { flowRun { taskRunCounts { type count } "
        "flow { name } state { type } parameters endTime } } } }",
        {},
    ),
]


def read_of(query: str, variables: dict[str, Any]) -> Read | None:
    """How the messages of a subscription are read, where all that it asks for is plain."""
    executor = PlainFieldsFirst.build(whole._schema, parse(query), raw_variable_values=variables)
    assert isinstance(executor, PlainFieldsFirst)
    executor._ask()
    return executor._read


def test_the_same_is_read_by_the_same_function_however_it_is_asked_for() -> None:
    first, again = [read_of(*asked) for asked in SAME]
    assert first is not None
    assert first is again
    assert len({first, *(read_of(*asked) for asked in OTHERS)}) == 1 + len(OTHERS)
    assert [read_of(query, {}) for query in NOT_PLAIN] == [None, None]


def test_all_that_the_monitor_follows_is_plain() -> None:
    for query in (FLOW_RUN_EVENTS, TASK_RUN_EVENTS, LOG_LINES):
        assert read_of(query, {"progress": True}) is not None


FOLLOWED: list[Asking] = [
    *SAME[:1],
    *OTHERS,
    *RUNS,
    *((query, {}) for query in NOT_PLAIN),
    (SAME[1][0], {"run": "RUN", "no": False}),
    (
        "subscription { mine: taskRuns { __typename events { a: cursor a: cursor } at: cursor } }",
        {},
    ),
    (
        "subscription { taskRuns { events { ... { flowRunId } ... @skip(if: true) { cursor } "
        "... on TaskRunEvent { state { __typename timestamp runCount message } } } } }",
        {},
    ),
    ("subscription { flowRuns(progress: true) { events { kind flowRunId state { name } } } }", {}),
    (
        "subscription { flowRuns { cursor events { state { name result } flowRun { name state { "
        "type } } } } }",
        {},
    ),
    ("subscription { logs { cursor lines { message level: levelName at: timestamp } } }", {}),
    (
        "subscription { events { events { occurred event { name payload } state { name } } } }",
        {},
    ),
    ("subscription { counts { flowRuns { type count } } }", {}),
]


async def test_all_who_follow_get_what_graphql_core_would_tell_each(ledger: Ledger) -> None:
    """Whatever is shared among them: they follow the same things, and ask for others of them."""
    run = flow_run()
    take(ledger, run)
    plain = build_schema()
    plain.execution_context_class = StrawberryGraphQLCoreExecutionContext
    await ledger.feed.start()
    feeds = []
    for schema in (whole, plain, whole):
        for query, variables in FOLLOWED:
            values = {key: str(run.id) if it == "RUN" else it for key, it in variables.items()}
            feed = await schema.subscribe(query, values, Context(ledger))
            await anext(feed)
            feeds.append(feed)
    task = task_run(run)
    others: list[Record] = [flow_run(), task_run(run), log_line(run), custom_event(run)]
    take(ledger, task, enters(task, state("COMPLETED", message="well")), *others)
    results = [await anext(feed) for feed in feeds]
    for feed in feeds:
        await feed.aclose()
    await ledger.feed.stop()
    assert not any(result.errors for result in results)
    told = [repr(result.data) for result in results]
    count = len(FOLLOWED)
    assert told[:count] == told[count : 2 * count] == told[2 * count :]


@strawberry.type
class Odds:
    """A message of odd values."""

    odds: list[Odd]
    perhaps: list[Odd | None] | None = None


#: Values that fit, and some that do not, in a message after another.
_odd: Any = Odd
_odds: Any = Odds
ODDS: list[Any] = [
    _odds(odds=[_odd(required=1, optional=2)], perhaps=[None]),
    _odds(odds=[_odd(required=1, optional=None), _odd(required=None, optional=2)]),
    _odds(odds=[_odd(required=1, optional="x")], perhaps=[_odd(required="x", optional=1)]),
    _odds(odds=None),
    _odds(odds=[None]),
    None,
    _odds(odds=[], perhaps=[None]),
]


@strawberry.type
class Feeds:
    """A subscription to odd values."""

    @strawberry.subscription
    async def odds(self) -> AsyncGenerator[Odds, None]:
        """Ten messages for each of the odd ones."""
        for odd in ODDS * 10:
            yield odd


async def messages(executor: type[StrawberryGraphQLCoreExecutionContext], query: str) -> list[Any]:
    """What a subscription to odd values tells."""
    schema = strawberry.Schema(query=Root, subscription=Feeds, execution_context_class=executor)
    return [
        (repr(each.data), [error.formatted for error in each.errors or ()])
        async for each in await schema.subscribe(query)
    ]


ODD_QUERIES = [
    "subscription { all: odds { odds { required optional } perhaps { required fine } } }",
    "subscription { odds { perhaps { later fine } odds { required optional later } } }",
]


@pytest.mark.parametrize("query", ODD_QUERIES)
async def test_a_message_that_goes_wrong_is_told_of_and_the_next_one_comes(query: str) -> None:
    quick = await messages(PlainFieldsFirst, query)
    assert quick == await messages(StrawberryGraphQLCoreExecutionContext, query)
    assert [bool(errors) for _, errors in quick[:7]] == [False, True, True, True, True, True, False]


@pytest.mark.parametrize("query", ODD_QUERIES)
async def test_what_is_remembered_of_a_subscription_does_not_grow_with_its_messages(
    query: str,
) -> None:
    sizes = []

    class Weighed(PlainFieldsFirst):
        def build_per_event_executor(self, payload: Any) -> Any:
            sizes.append(len(self._plans) + len(self._relevant_sub_fields))
            return super().build_per_event_executor(payload)

    await messages(Weighed, query)
    assert len(sizes) == 70
    assert sizes[8] == sizes[-1]


def test_an_event_keeps_some_answers_and_no_more() -> None:
    answers = Answers()
    for number in range(KEPT + 2):
        assert answers.keep(number, {"number": number}) == {"number": number}
    kept = [answers.get(number) for number in range(KEPT + 2)]
    assert kept == [*({"number": number} for number in range(KEPT)), None, None]


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
