"""What an answer may cost, and what is said of an error that is not the caller's."""

from __future__ import annotations

import base64
import logging
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import strawberry
from graphql import build_client_schema, get_introspection_query

from headrace.records import Record
from headrace_service.api import limits
from headrace_service.api.building import build
from headrace_service.api.context import MAX_ROWS, Context
from headrace_service.api.inprocess import execute
from headrace_service.api.limits import decode_request
from headrace_service.api.schema import schema
from headrace_service.ledger import Ledger
from headrace_service.settings import InvalidServiceSetting, read_service_settings
from tests.builders import Stream, enters, flow_run, log_line, state, task_run
from tests.integration.graphql_kit import ask, refusal, take


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


def some_runs(count: int) -> list[Record]:
    """Runs with a subflow run, three task runs and three log lines each."""
    made: list[Record] = []
    for _ in range(count):
        run = flow_run()
        made += [run, flow_run(parent=run.id)]
        for name in "abc":
            task = task_run(run, name)
            made += [task, enters(task, state("COMPLETED")), log_line(run, name)]
    return made


DEEP = """query ($first: Int!) {
  flowRuns(first: $first, filter: {topLevelOnly: true}) {
    nodes {
      name flow { name flowRuns(first: 2) { nodes { id } } }
      state { name } stateHistory { name } taskRunCounts { count }
      taskRuns(first: 2) { nodes { name flowRun { name } stateHistory { name }
                                   logs(last: 1) { nodes { message } } } }
      open: taskRuns(filter: {states: [RUNNING, PENDING]}) { nodes { id } }
      subflowRuns { nodes { name logs(first: 1) { nodes { message } } } }
      logs(first: 2, filter: {includeSubflows: true}) { nodes { message } feedCursor }
    }
  }
}"""


async def test_more_rows_take_no_more_statements(ledger: Ledger) -> None:
    take(ledger, *some_runs(40))
    selects: list[str] = []

    def note(event: Any) -> None:
        if event.sql.startswith(("SELECT", "WITH")):
            selects.append(event.sql)

    ledger._reading.db.query_hooks.append(note)
    counts = []
    for first in (1, 5, 40):
        selects.clear()
        data = await ask(ledger, DEEP, first=first)
        assert len(data["flowRuns"]["nodes"]) == first
        counts.append(len(selects))
    assert counts[0] == counts[1] == counts[2] <= 25


async def test_lists_within_lists_end_at_a_number_of_rows(ledger: Ledger) -> None:
    run = flow_run()
    take(ledger, run, *(task_run(run) for _ in range(200)))
    query = """{ taskRuns(first: 200) { nodes { flowRun {
        taskRuns(first: 200) { nodes { id } } } } } }"""
    assert MAX_ROWS < 200 + 200 * 200
    answer = await execute(ledger, query)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TooManyRows"}
    smaller = query.replace("first: 200", "first: 50")
    assert "errors" not in await execute(ledger, smaller)


def nested(depth: int) -> str:
    inner = "id"
    for _ in range(depth):
        inner = f"subflowRuns {{ nodes {{ {inner} }} }}"
    return f"{{ flowRuns {{ nodes {{ {inner} }} }} }}"


async def test_a_query_may_be_only_so_deep(ledger: Ledger) -> None:
    assert "errors" not in await execute(ledger, nested(5))
    _, _, message = await refusal(ledger, nested(40))
    assert "depth" in message
    # Nor may a fragment hide it.
    spread = f"query {{ ...F }} fragment F on Query {nested(40)}"
    assert "depth" in (await refusal(ledger, spread))[2]


async def test_a_field_may_be_asked_for_only_so_often(ledger: Ledger) -> None:
    many = " ".join(f"a{index}: serverInfo {{ now }}" for index in range(51))
    assert "aliases" in (await refusal(ledger, f"{{ {many} }}"))[2]


async def test_a_query_may_be_only_so_long(ledger: Ledger) -> None:
    words = " ".join(["__typename"] * (limits.MAX_TOKENS + 1))
    assert "token" in (await refusal(ledger, f"{{ {words} }}"))[2]


async def test_long_texts_are_not_kept_and_the_longest_are_refused(ledger: Ledger) -> None:
    caches = limits._kept_document, limits._kept_errors
    before = [cache.cache_info() for cache in caches]
    query = "{ serverInfo { version } } #"
    await ask(ledger, query + "x" * limits.MAX_KEPT)
    code, field, message = await refusal(ledger, query + "x" * limits.MAX_QUERY)
    assert (code, field) == ("QueryTooLong", "query")
    assert str(limits.MAX_QUERY) in message
    assert [cache.cache_info() for cache in caches] == before


async def test_one_of_several_operations_is_named(ledger: Ledger) -> None:
    query = "query A { flows { nodes { id } } } query B { serverInfo { scope } }"
    code, field, message = await refusal(ledger, query)
    assert (code, field, "2 operations" in message) == ("InvalidInput", "operationName", True)
    answer = await execute(ledger, query, operation_name="B")
    assert answer["data"] == {"serverInfo": {"scope": "ADMIN"}}, answer


async def test_introspection_is_open(ledger: Ledger) -> None:
    whole = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True
    )
    known = build_client_schema(cast("Any", await ask(ledger, whole)))
    assert known.type_map.keys() == schema._schema.type_map.keys()


async def test_a_text_is_parsed_and_validated_once(ledger: Ledger) -> None:
    query = "{ serverInfo { version } } # once"
    await ask(ledger, query)
    caches = limits._kept_document, limits._kept_errors
    before = [cache.cache_info().misses for cache in caches]
    await ask(ledger, query)
    assert [cache.cache_info().misses for cache in caches] == before
    # What is wrong stays wrong, and is answered with the place each time.
    assert await execute(ledger, "{ nobody }") == await execute(ledger, "{ nobody }")


async def test_an_error_of_ours_is_told_by_an_id_that_the_log_explains(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    run = flow_run()
    take(ledger, run)
    with closing(sqlite3.connect(ledger.path)) as other:
        other.execute("UPDATE flow_run SET parameters = 'no JSON'")
        other.commit()
    query = "{ flowRuns { nodes { name parameters } } }"
    with caplog.at_level(logging.ERROR, logger="headrace_service"):
        code, field, message = await refusal(ledger, query)
    assert (code, field) == ("InternalError", None)
    assert "JSON" not in message
    (record,) = caplog.records
    error_id = message.rstrip(".").rpartition(" ")[2]
    assert error_id in record.getMessage()
    assert "flowRuns.nodes.0.parameters" in record.getMessage()
    assert record.exc_info is not None


async def test_a_ledger_that_takes_nothing_more_is_said_plainly(ledger: Ledger) -> None:
    ledger._writer.close()
    query = "mutation ($batch: RecordBatch!) { record(batch: $batch) { __typename } }"
    batch = msgspec.to_builtins(Stream().batch(log_line(None)))
    code, _, message = await refusal(ledger, query, batch=batch)
    assert code == "LedgerUnusable"
    assert "ledger" in message


async def test_a_query_that_takes_too_long_is_stopped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger.open(tmp_path / "slow.db", statement_timeout=1e-9)
    take(ledger, *(log_line(None, f"line {number}") for number in range(5_000)))
    scan = '{ logs(filter: {messageContains: "nowhere"}) { nodes { cursor } } }'
    code, _, message = await refusal(ledger, scan)
    assert code == "TookTooLong"
    assert "narrow the filter" in message
    assert caplog.records == []
    # What takes a moment is not stopped, and the thread goes on.
    assert (await ask(ledger, "{ logs(first: 1) { nodes { message } } }"))["logs"]["nodes"]
    ledger.close()


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf"])
def test_the_time_of_a_query_is_a_setting(text: str) -> None:
    name = "HEADRACE_SERVER_STATEMENT_TIMEOUT"
    assert read_service_settings({name: "2.5"}).statement_timeout == 2.5
    with pytest.raises(InvalidServiceSetting, match=name):
        read_service_settings({name: text})


BEYOND = base64.urlsafe_b64encode(b"1:log:" + b"9" * 30).decode().rstrip("=")
OUT_OF_RANGE = {
    f'{{ logs(after: "{BEYOND}") {{ nodes {{ cursor }} }} }}': "InvalidCursor",
    '{ logs(filter: {since: "0001-01-01T00:00:00+23:59"}) { nodes { cursor } } }': "InvalidInput",
}


@pytest.mark.parametrize(("query", "expected"), OUT_OF_RANGE.items())
async def test_what_no_number_can_hold_is_the_callers_error(
    ledger: Ledger, query: str, expected: str
) -> None:
    assert (await refusal(ledger, query))[0] == expected


async def test_the_callers_errors_are_not_logged(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    for query in ("{", "{ nobody }", "{ flowRuns(first: 0) { nodes { id } } }"):
        await execute(ledger, query)
    assert caplog.records == []


@strawberry.type
class Reading:
    """What a feed brings; some of it cannot be told."""

    number: int

    @strawberry.field
    def worth(self) -> int | None:
        """The number, unless it is the second."""
        if self.number == 2:
            raise ValueError("of a secret")
        return self.number


@strawberry.type
class Feeds:
    """A feed of three messages."""

    @strawberry.subscription
    async def readings(self) -> AsyncGenerator[Reading, None]:
        """Three readings."""
        for number in (1, 2, 3):
            yield Reading(number=number)


async def test_what_goes_wrong_in_a_message_of_a_feed_is_masked_too(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    query = "subscription { readings { worth } }"
    feed = await build(subscription=Feeds).stream(query, context_value=Context(ledger))
    messages: list[Any] = [message async for message in feed]
    assert [message.data for message in messages] == [
        {"readings": {"worth": worth}} for worth in (1, None, 3)
    ]
    told = [error for message in messages for error in message.errors or ()]
    assert [(error.extensions or {})["code"] for error in told] == ["InternalError"]
    assert "secret" not in told[0].message
    assert "of a secret" in caplog.text


def test_record_batches_alone_stay_json() -> None:
    body = b"""{"query": "mutation R($a: RecordBatch!, $b: JSON) { record(batch: $a) { x } }",
      "variables": {"a": {"x": [1]}, "b": {"y": 2}}, "operationName": "R"}"""
    request = decode_request(body)
    variables = request["variables"]
    assert isinstance(variables, dict)
    assert bytes(variables["a"]) == b'{"x": [1]}'
    assert variables["b"] == {"y": 2}
    assert request["operationName"] == "R"


def test_each_operation_counts_its_own_rows(ledger: Ledger) -> None:
    context = Context(ledger)
    context.spend(range(MAX_ROWS))
    context.renew()
    context.spend(range(MAX_ROWS))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("{ flows { nodes { __typename id } } }", True),
        ("query A { flows { nodes { id } } } query B { flows { nodes { id } } }", True),
        ("{ __schema { queryType { name } } }", False),
        ('{ __type (name: "Mutation") { name } }', False),
        ('query { flows { nodes { id } } } mutation { deleteFlowRun(id: "x") { id } }', False),
        ("subscription { logs { cursor } }", False),
        ("{", False),
    ],
)
def test_what_the_queries_alone_can_answer(text: str, is_one: bool) -> None:
    assert limits.is_question(text) is is_one
