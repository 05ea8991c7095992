"""What can be asked for, and what the answers say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uuid_utils.compat as uuids

from headrace.records import (
    WIRE_VERSION,
    FlowRunCreated,
    StateChange,
    StateType,
    TaskRunCreated,
)
from headrace_service.api.inprocess import execute
from headrace_service.ledger import Ledger
from tests.builders import EPOCH, enters, flow_run, iso, log_line, state, task_run
from tests.integration.graphql_kit import ask, refusal, take


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


async def test_the_service_tells_who_it_is(ledger: Ledger) -> None:
    data = await ask(ledger, "{ serverInfo { version wireVersion ledger now feedCursor } }")
    info = data["serverInfo"]
    assert info["wireVersion"] == WIRE_VERSION
    assert info["ledger"] == str(ledger.path)
    assert info["now"].endswith("Z")


START = state("PENDING", at=EPOCH)
RUN = FlowRunCreated(
    uuids.uuid7(),
    "etl",
    "calm-heron",
    START,
    flow_version="3",
    parameters={"rows": [1, 2.5, None], "big": 2**70, "text": "naïve"},
    tags=["b", "a"],
)
SOURCE = TaskRunCreated(uuids.uuid7(), "extract", "extract", START, RUN.id)
SINK = TaskRunCreated(
    uuids.uuid7(), "load", "load-1", START, RUN.id, ["x"], {"rows": [SOURCE.id, RUN.id]}
)


@pytest.fixture
def recorded(ledger: Ledger) -> Ledger:
    """A run that has ended, with a task run that has ended and one that has not begun."""
    take(
        ledger,
        RUN,
        enters(RUN, state("RUNNING", at=EPOCH + 1_000_000)),
        SOURCE,
        SINK,
        enters(SOURCE, state("RUNNING", at=EPOCH + 1)),
        enters(SOURCE, state("COMPLETED", "Cached", at=EPOCH + 2, message="from a cache")),
        log_line(RUN, "hello", 30),
        enters(RUN, state("COMPLETED", at=EPOCH + 2_500_001)),
    )
    return ledger


async def test_a_flow_run_with_everything_about_it(recorded: Ledger) -> None:
    data = await ask(
        recorded,
        """query ($id: ID!) { flowRun(id: $id) {
          id name flowName flowVersion flow { name createdAt } runCount tags parameters
          state { type name message timestamp runCount } stateHistory { name timestamp }
          createdAt startTime endTime durationSeconds parentFlowRunId parentTaskRunId
          taskRunCounts { type count } subflowRuns { nodes { id } }
        } }""",
        id=str(RUN.id),
    )
    assert data["flowRun"] == {
        "id": str(RUN.id),
        "name": "calm-heron",
        "flowName": "etl",
        "flowVersion": "3",
        "flow": {"name": "etl", "createdAt": iso()},
        "runCount": 1,
        "tags": ["b", "a"],
        "parameters": RUN.parameters,
        "state": {
            "type": "COMPLETED",
            "name": "Completed",
            "message": None,
            "timestamp": iso(EPOCH + 2_500_001),
            "runCount": 1,
        },
        "stateHistory": [
            {"name": "Pending", "timestamp": iso()},
            {"name": "Running", "timestamp": iso(EPOCH + 1_000_000)},
            {"name": "Completed", "timestamp": iso(EPOCH + 2_500_001)},
        ],
        "createdAt": iso(),
        "startTime": iso(EPOCH + 1_000_000),
        "endTime": iso(EPOCH + 2_500_001),
        "durationSeconds": 1.500001,
        "parentFlowRunId": None,
        "parentTaskRunId": None,
        "taskRunCounts": [{"type": "PENDING", "count": 1}, {"type": "COMPLETED", "count": 1}],
        "subflowRuns": {"nodes": []},
    }


async def test_task_runs_with_everything_about_them(recorded: Ledger) -> None:
    data = await ask(
        recorded,
        """query ($id: ID!) { flowRun(id: $id) { taskRuns { nodes {
          id name taskName tags runCount inputs { parameter runId } state { type name message }
          durationSeconds flowRun { name } stateHistory { name }
          attempts { number state { name } } logs { nodes { message } }
        } } } }""",
        id=str(RUN.id),
    )
    assert data["flowRun"]["taskRuns"]["nodes"] == [
        {
            "id": str(SOURCE.id),
            "name": "extract",
            "taskName": "extract",
            "tags": [],
            "runCount": 1,
            "inputs": [],
            "state": {"type": "COMPLETED", "name": "Cached", "message": "from a cache"},
            "durationSeconds": 0.000001,
            "flowRun": {"name": "calm-heron"},
            "stateHistory": [{"name": "Pending"}, {"name": "Running"}, {"name": "Cached"}],
            "attempts": [{"number": 1, "state": {"name": "Cached"}}],
            "logs": {"nodes": []},
        },
        {
            "id": str(SINK.id),
            "name": "load-1",
            "taskName": "load",
            "tags": ["x"],
            "runCount": 1,
            "inputs": [
                {"parameter": "rows", "runId": str(SOURCE.id)},
                {"parameter": "rows", "runId": str(RUN.id)},
            ],
            "state": {"type": "PENDING", "name": "Pending", "message": None},
            "durationSeconds": None,
            "flowRun": {"name": "calm-heron"},
            "stateHistory": [{"name": "Pending"}],
            "attempts": [{"number": 1, "state": {"name": "Pending"}}],
            "logs": {"nodes": []},
        },
    ]


async def test_log_lines_with_everything_about_them(recorded: Ledger) -> None:
    data = await ask(
        recorded,
        """{ logs { nodes {
          level levelName message logger timestamp flowRunId taskRunId } } }""",
    )
    assert data["logs"]["nodes"] == [
        {
            "level": 30,
            "levelName": "WARNING",
            "message": "hello",
            "logger": "test",
            "timestamp": iso(),
            "flowRunId": str(RUN.id),
            "taskRunId": None,
        }
    ]


async def test_anything_is_found_by_its_id(ledger: Ledger) -> None:
    run = flow_run("etl")
    task = task_run(run)
    take(ledger, run, task)
    flow = (await ask(ledger, '{ flow(name: "etl") { id } }'))["flow"]["id"]
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    for key, kind in ((str(run.id), "FlowRun"), (str(task.id), "TaskRun"), (flow, "Flow")):
        found = await ask(ledger, query, id=key)
        assert found == {"node": {"__typename": kind, "id": key}}
    assert await ask(ledger, query, id=str(uuids.uuid7())) == {"node": None}
    by_id = await ask(ledger, "query ($id: ID) { flow(id: $id) { name } }", id=flow)
    assert by_id == {"flow": {"name": "etl"}}


WALK = """query ($first: Int, $after: Cursor, $last: Int, $before: Cursor) {
  LIST(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { NAME } }
    nodes { NAME }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest.mark.parametrize(
    ("listed", "name"),
    [("flows", "name"), ("flowRuns", "name"), ("taskRuns", "name"), ("logs", "message")],
)
async def test_a_list_is_walked_in_both_directions(ledger: Ledger, listed: str, name: str) -> None:
    for index in range(7):
        run = flow_run(f"n{index}", f"n{index}")
        take(ledger, run, task_run(run, f"n{index}"), log_line(run, f"n{index}"))
    query = WALK.replace("LIST", listed).replace("NAME", name)

    async def page(**arguments: Any) -> dict[str, Any]:
        found = (await ask(ledger, query, **arguments))[listed]
        assert found["nodes"] == [edge["node"] for edge in found["edges"]]
        cursors = [edge["cursor"] for edge in found["edges"]]
        info = found["pageInfo"]
        assert [info["startCursor"], info["endCursor"]] == [cursors[0], cursors[-1]]
        return {"names": [node[name] for node in found["nodes"]], **info}

    whole = (await page())["names"]
    assert sorted(whole) == [f"n{index}" for index in range(7)]
    first = await page(first=3)
    assert (first["names"], first["hasNextPage"], first["hasPreviousPage"]) == (
        whole[:3],
        True,
        False,
    )
    second = await page(first=3, after=first["endCursor"])
    assert (second["names"], second["hasPreviousPage"]) == (whole[3:6], True)
    third = await page(first=3, after=second["endCursor"])
    assert (third["names"], third["hasNextPage"]) == (whole[6:], False)
    last = await page(last=3)
    assert (last["names"], last["hasPreviousPage"], last["hasNextPage"]) == (whole[4:], True, False)
    before = await page(last=3, before=last["startCursor"])
    assert before["names"] == whole[1:4]
    between = await page(first=5, after=first["startCursor"], before=last["startCursor"])
    assert between["names"] == whole[1:4]


async def test_a_page_has_fifty_rows_unless_told_otherwise(ledger: Ledger) -> None:
    take(ledger, *(flow_run() for _ in range(201)))
    assert len((await ask(ledger, "{ flowRuns { nodes { id } } }"))["flowRuns"]["nodes"]) == 50
    most = await ask(ledger, "{ flowRuns(first: 200) { nodes { id } } }")
    assert len(most["flowRuns"]["nodes"]) == 200


REFUSED = {
    "{ flowRuns(first: 201) { nodes { id } } }": ("InvalidInput", "first"),
    "{ flowRuns(first: 0) { nodes { id } } }": ("InvalidInput", "first"),
    "{ logs(last: -1) { nodes { cursor } } }": ("InvalidInput", "last"),
    "{ logs(first: 1, last: 1) { nodes { cursor } } }": ("InvalidInput", "last"),
    '{ logs(after: "") { nodes { cursor } } }': ("InvalidCursor", "after"),
    '{ logs(after: "naïve") { nodes { cursor } } }': ("InvalidCursor", "after"),
    '{ logs(before: "MTpsb2c6eA") { nodes { cursor } } }': ("InvalidCursor", "before"),
    '{ flowRuns(after: "MTpsb2c6Nw") { nodes { id } } }': ("InvalidCursor", "after"),
    '{ flowRun(id: "nobody") { id } }': ("InvalidInput", "id"),
    '{ flowRuns(filter: {parentFlowRunId: "x"}) { nodes { id } } }': (
        "InvalidInput",
        "parentFlowRunId",
    ),
    "{ flow { id } }": ("InvalidInput", "id"),
}


@pytest.mark.parametrize(("query", "expected"), REFUSED.items())
async def test_an_unusable_argument_is_named(
    ledger: Ledger, query: str, expected: tuple[str, str]
) -> None:
    code, field, message = await refusal(ledger, query)
    assert (code, field) == expected
    assert message.startswith(f"{field}: ")


async def test_a_cursor_of_another_list_is_told_from_rubbish(ledger: Ledger) -> None:
    take(ledger, flow_run())
    cursor = (await ask(ledger, "{ flowRuns { pageInfo { endCursor } } }"))["flowRuns"]["pageInfo"]
    query = "query ($after: Cursor) { taskRuns(after: $after) { nodes { id } } }"
    _, _, message = await refusal(ledger, query, after=cursor["endCursor"])
    assert message == "after: this is a cursor for flow runs; one for task runs is needed"


TIMES = {
    "{day}T00:00:00Z": 1,
    "{day}T00:00:00.000001Z": 0,
    "{day}T01:00:00+01:00": 1,
    "{day}T00:00:00.000001+00:00": 0,
    "{day}": 1,
}


@pytest.mark.parametrize(("written", "count"), TIMES.items())
async def test_times_are_taken_with_any_offset(ledger: Ledger, written: str, count: int) -> None:
    take(ledger, flow_run())
    text = written.format(day=iso()[:10])
    query = """query ($since: DateTime) {
      flowRuns(filter: {startedAfter: $since}) { nodes { id } } }"""
    found = await ask(ledger, query, since=text)
    assert len(found["flowRuns"]["nodes"]) == count
    literal = f'{{ flowRuns(filter: {{startedAfter: "{text}"}}) {{ nodes {{ id }} }} }}'
    assert await ask(ledger, literal) == found


@pytest.mark.parametrize("value", ["yesterday", 5, True, ["2026-01-01"]])
async def test_what_is_no_time_is_refused(ledger: Ledger, value: object) -> None:
    query = "query ($at: DateTime) { flowRuns(filter: {startedAfter: $at}) { nodes { id } } }"
    _, _, message = await refusal(ledger, query, at=value)
    assert "ISO-8601" in message


async def test_a_time_past_all_calendars_spoils_no_page(ledger: Ledger) -> None:
    run = flow_run()
    take(ledger, run, enters(run, state("COMPLETED", at=2**62)))
    data = await ask(ledger, "{ flowRuns { nodes { endTime } } }")
    assert data["flowRuns"]["nodes"] == [{"endTime": "9999-12-31T23:59:59.999999Z"}]


async def test_the_answer_is_as_new_as_the_last_acknowledgement(ledger: Ledger) -> None:
    run = flow_run()
    take(ledger, run)
    query = "query ($id: ID!) { flowRun(id: $id) { state { type } } }"
    for kind in ("PAUSED", "RUNNING", "COMPLETED"):
        take(ledger, enters(run, state(kind)))
        data = await ask(ledger, query, id=str(run.id))
        assert data == {"flowRun": {"state": {"type": kind}}}


async def test_without_an_operation_there_is_an_error_and_no_crash(ledger: Ledger) -> None:
    assert (await execute(ledger, "fragment F on Flow { id }"))["errors"]
    assert (await execute(ledger, "{"))["errors"]


async def test_states_tell_where_a_result_is_kept(ledger: Ledger) -> None:
    kept = StateChange(StateType.COMPLETED, "Completed", EPOCH + 2, None, 1, '{"key": "k"}')
    take(ledger, RUN, SOURCE, SINK, enters(RUN, state("RUNNING", at=EPOCH + 1)))
    take(ledger, enters(SOURCE, kept), enters(SINK, state("COMPLETED", at=EPOCH + 2)))
    data = await ask(
        ledger,
        """query ($id: ID!) { flowRun(id: $id) { state { result } taskRuns { nodes {
          state { result } stateHistory { result }
        } } } }""",
        id=str(RUN.id),
    )
    assert data["flowRun"] == {
        "state": {"result": None},
        "taskRuns": {
            "nodes": [
                {
                    "state": {"result": '{"key": "k"}'},
                    "stateHistory": [{"result": None}, {"result": '{"key": "k"}'}],
                },
                {"state": {"result": None}, "stateHistory": [{"result": None}, {"result": None}]},
            ]
        },
    }


async def test_lists_go_in_any_order_page_by_page(ledger: Ledger) -> None:
    take(ledger, *(flow_run(name=name) for name in "cabd"))
    query = """query ($order: RunOrder, $after: Cursor) {
      flowRuns(first: 3, orderBy: $order, after: $after) {
        nodes { name } pageInfo { endCursor hasNextPage } } }"""
    first = (await ask(ledger, query, order="NAME_ASC"))["flowRuns"]
    assert [node["name"] for node in first["nodes"]] == ["a", "b", "c"]
    cursor = first["pageInfo"]["endCursor"]
    rest = (await ask(ledger, query, order="NAME_ASC", after=cursor))["flowRuns"]
    assert [node["name"] for node in rest["nodes"]] == ["d"]
    assert not rest["pageInfo"]["hasNextPage"]
    for other in ("START_TIME_DESC", "NEWEST", None):
        code, field, message = await refusal(ledger, query, order=other, after=cursor)
        assert (code, field) == ("InvalidCursor", "after"), message
    tasks = "{ taskRuns(orderBy: DURATION_DESC) { nodes { name } } }"
    assert (await refusal(ledger, tasks))[:2] == ("InvalidInput", "orderBy")
