"""Feeds over websockets: lists with cursors, no gap, no duplicate, nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from headrace_service.ledger.models import Log
from headrace_service.ledger.tail import QUIET
from headrace_service.server import RunningService, start_in_thread
from tests.builders import (
    Stream,
    custom_event,
    delete_old,
    enters,
    flow_run,
    log_line,
    state,
    task_run,
)
from tests.integration.graphql_kit import Socket, ask, open_socket, take


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningService]:
    running = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    yield running
    await asyncio.to_thread(running.stop)


async def watched(service: RunningService, count: int) -> None:
    """Wait until so many subscriptions are open."""
    while service.ledger.feed.subscribers != count:  # noqa: ASYNC110  # the feed tells nobody
        await asyncio.sleep(0)


async def begin(socket: Socket, query: str, *, key: str = "1", **variables: Any) -> str:
    """Subscribe; the cursor of the first message, which has nothing in it but that."""
    await socket.subscribe(query, key=key, **variables)
    message = await socket.receive()
    assert (message["id"], message["type"]) == (key, "next"), message
    ((_, told),) = message["payload"]["data"].items()
    assert told == {**told, "cursor": told["cursor"]}
    assert [rows for name, rows in told.items() if name != "cursor"] in ([], [[]])
    return str(told["cursor"])


LOGS = "subscription ($after: Cursor) { logs(after: $after) { lines { message } cursor } }"


async def collect(socket: Socket, field: str, rows: str, count: int) -> tuple[list[Any], str]:
    """So many rows, put together from messages, and the last message's cursor."""
    found: list[Any] = []
    cursor = ""
    while len(found) < count:
        message = (await socket.next())[field]
        found += message[rows]
        cursor = message["cursor"]
    assert len(found) == count
    return found, cursor


async def test_a_rename_and_a_deletion_are_told(service: RunningService) -> None:
    run = flow_run("etl", "calm-heron")
    take(service.ledger, run, enters(run, state("COMPLETED")))
    feed = """subscription { flowRuns {
      events { kind flowRunId state { name } flowRun { name } } cursor } }"""
    changes = """mutation ($id: ID!) {
      updateFlowRun(id: $id, changes: {name: "other"}) { ... on FlowRun { name } }
      deleteFlowRun(id: $id) { __typename }
    }"""
    async with open_socket(service.url) as socket:
        await begin(socket, feed)
        await ask(service.ledger, changes, id=str(run.id))
        events, _ = await collect(socket, "flowRuns", "events", 2)
    assert [(event["kind"], event["flowRunId"]) for event in events] == [
        ("EDITED", str(run.id)),
        ("DELETED", str(run.id)),
    ]
    assert events[1]["state"] == {"name": "Completed"}
    assert events[1]["flowRun"] is None


async def test_flow_runs_task_runs_and_logs_arrive_as_they_happen(service: RunningService) -> None:
    run = flow_run("etl", "calm-heron")
    task = task_run(run, "load")
    async with open_socket(service.url) as socket:
        await begin(
            socket,
            """subscription { flowRuns { cursor events {
              kind flowRunId state { name } flowRun { name flow { name } } } } }""",
            key="flows",
        )
        take(service.ledger, run)
        (event,), _ = await collect(socket, "flowRuns", "events", 1)
        assert event == {
            "kind": "STATE",
            "flowRunId": str(run.id),
            "state": {"name": "Running"},
            "flowRun": {"name": "calm-heron", "flow": {"name": "etl"}},
        }
        await socket.send(id="flows", type="complete")
        await watched(service, 0)
        await begin(
            socket,
            """subscription { taskRuns { cursor events {
              taskRunId flowRunId state { name } taskRun { name } } } }""",
        )
        take(service.ledger, task, enters(task, state("COMPLETED", "Cached")))
        events, _ = await collect(socket, "taskRuns", "events", 2)
        assert [event["state"]["name"] for event in events] == ["Running", "Cached"]
        assert events[0]["taskRun"] == {"name": "load"}
        assert {event["flowRunId"] for event in events} == {str(run.id)}


async def test_progress_tells_once_a_message_of_a_run_whose_tasks_change(
    service: RunningService,
) -> None:
    run, other = flow_run(), flow_run()
    tasks = [task_run(run) for _ in range(20)]
    query = """subscription ($after: Cursor) { flowRuns(after: $after, progress: true) {
      cursor events { kind flowRunId state { name } flowRun { taskRunCounts { count } } } } }"""
    start = await ask(service.ledger, "{ serverInfo { feedCursor } }")
    take(service.ledger, run, other, *tasks, task_run(other), task_run(None))
    async with open_socket(service.url) as socket:
        await socket.subscribe(query, after=start["serverInfo"]["feedCursor"])
        events, _ = await collect(socket, "flowRuns", "events", 4)
    told = [(event["kind"], event["flowRunId"]) for event in events]
    assert told == [
        ("STATE", str(run.id)),
        ("STATE", str(other.id)),
        ("PROGRESS", str(run.id)),
        ("PROGRESS", str(other.id)),
    ]
    assert events[2]["state"] is None
    assert events[2]["flowRun"] == {"taskRunCounts": [{"count": 20}]}


async def test_each_message_shows_runs_as_they_are_then(service: RunningService) -> None:
    run = flow_run()
    async with open_socket(service.url) as socket:
        await begin(
            socket, "subscription { flowRuns { cursor events { flowRun { state { name } } } } }"
        )
        for kind in ("PAUSED", "RUNNING", "COMPLETED"):
            take(service.ledger, *([run] if kind == "PAUSED" else []), enters(run, state(kind)))
            message = (await socket.next())["flowRuns"]["events"]
            while message[-1]["flowRun"]["state"]["name"] != kind.capitalize():
                message = (await socket.next())["flowRuns"]["events"]


async def test_a_snapshot_and_its_feed_cursor_leave_no_gap(service: RunningService) -> None:
    stream = Stream()
    run = flow_run()
    take(service.ledger, run, log_line(run, "0"), stream=stream)
    page = await ask(service.ledger, "{ logs { nodes { message } feedCursor } }")
    take(service.ledger, log_line(run, "1"), log_line(run, "2"), stream=stream)
    async with open_socket(service.url) as socket:
        await socket.subscribe(LOGS, after=page["logs"]["feedCursor"])
        lines, _ = await collect(socket, "logs", "lines", 2)
    assert [line["message"] for line in lines] == ["1", "2"]


async def test_the_first_message_tells_where_the_feed_stands(service: RunningService) -> None:
    """Who is cut off before anything happens goes on from there, and misses nothing."""
    stream, run = Stream(), flow_run()
    take(service.ledger, run, log_line(run, "before"), stream=stream)
    async with open_socket(service.url) as socket:
        after = await begin(socket, LOGS)
    await watched(service, 0)
    take(service.ledger, log_line(run, "meanwhile"), stream=stream)
    async with open_socket(service.url) as socket:
        await socket.subscribe(LOGS, after=after)
        lines, _ = await collect(socket, "logs", "lines", 1)
    assert lines == [{"message": "meanwhile"}]


async def test_a_filter_that_nothing_meets_still_moves_the_cursor(service: RunningService) -> None:
    stream, run = Stream(), flow_run()
    query = """subscription ($filter: LogFilter) {
      logs(filter: $filter) { cursor lines { message } } }"""
    async with open_socket(service.url) as socket:
        start = await begin(socket, query, filter={"messageContains": "nowhere"})
        lines = [log_line(run, "plain") for _ in range(QUIET)]
        take(service.ledger, run, *lines, stream=stream)
        message = (await socket.next())["logs"]
    assert message["lines"] == []
    assert message["cursor"] != start


async def test_a_subscriber_that_comes_again_sees_every_line_once(service: RunningService) -> None:
    """The connection is cut after each message, while lines keep coming."""
    stream, run, count = Stream(), flow_run(), 3_000
    take(service.ledger, run, stream=stream)
    after = (await ask(service.ledger, "{ serverInfo { logCursor } }"))["serverInfo"]["logCursor"]

    def write() -> None:
        for start in range(0, count, 50):
            lines = (log_line(run, str(number)) for number in range(start, start + 50))
            take(service.ledger, *lines, stream=stream)

    writing = asyncio.create_task(asyncio.to_thread(write))
    found: list[str] = []
    connections = 0
    while len(found) < count:
        async with open_socket(service.url) as socket:
            await socket.subscribe(LOGS, after=after)
            message = (await socket.next())["logs"]
            found += [line["message"] for line in message["lines"]]
            after = message["cursor"]
            connections += 1
            socket.connection.transport.abort()
    await writing
    assert found == [str(number) for number in range(count)]
    assert connections > 3
    await watched(service, 0)


async def test_what_happens_quickly_comes_in_few_messages(service: RunningService) -> None:
    stream, run, count = Stream(), flow_run(), 400
    take(service.ledger, run, stream=stream)
    async with open_socket(service.url) as socket:
        await begin(socket, LOGS)
        for number in range(count):  # one commit each
            take(service.ledger, log_line(run, str(number)), stream=stream)
        messages, found = 0, 0
        while found < count:
            found += len((await socket.next())["logs"]["lines"])
            messages += 1
    assert messages <= count / 4


async def test_flow_runs_are_narrowed_by_id_and_by_flow(service: RunningService) -> None:
    wanted, other, third = flow_run("etl", "wanted"), flow_run("web"), flow_run("etl", "third")
    query = """subscription ($filter: FlowRunEventFilter) {
      flowRuns(filter: $filter) { cursor events { flowRun { name } } } }"""
    async with open_socket(service.url) as socket:
        await begin(socket, query, key="id", filter={"flowRunIds": [str(wanted.id)]})
        await begin(socket, query, key="flow", filter={"flowName": "etl"})
        take(service.ledger, other, wanted, third)
        seen: dict[str, list[str]] = {"id": [], "flow": []}
        while sum(map(len, seen.values())) < 3:
            message = await socket.receive()
            events = message["payload"]["data"]["flowRuns"]["events"]
            seen[message["id"]] += [event["flowRun"]["name"] for event in events]
    assert seen == {"id": ["wanted"], "flow": ["wanted", "third"]}


async def test_task_runs_are_narrowed_by_flow_run(service: RunningService) -> None:
    run, other = flow_run(), flow_run()
    query = """subscription ($id: ID) { taskRuns(flowRunId: $id) {
      cursor events { taskRun { name } } } }"""
    async with open_socket(service.url) as socket:
        await begin(socket, query, id=str(run.id))
        take(service.ledger, run, other, task_run(other, "no"), task_run(run, "yes"))
        events, _ = await collect(socket, "taskRuns", "events", 1)
    assert events == [{"taskRun": {"name": "yes"}}]


async def test_logs_are_narrowed_by_run_subflows_level_and_text(service: RunningService) -> None:
    run = flow_run()
    below = flow_run(parent=flow_run(parent=run.id).id)
    stranger = flow_run()
    query = """subscription ($filter: LogFilter) {
      logs(filter: $filter) { cursor lines { message } } }"""
    filters = {
        "run": {"flowRunId": str(run.id)},
        "tree": {"flowRunId": str(run.id), "includeSubflows": True},
        "text": {"messageContains": "BELOW"},
        "level": {"minLevel": 30},
    }
    async with open_socket(service.url) as socket:
        for key, wanted in filters.items():
            await begin(socket, query, key=key, filter=wanted)
        middle = flow_run(parent=run.id)
        below = flow_run(parent=middle.id)  # nobody knew of it when the feed began
        take(
            service.ledger,
            run,
            stranger,
            middle,
            below,
            log_line(stranger, "stranger"),
            log_line(run, "run"),
            log_line(below, "below", 30),
        )
        seen: dict[str, list[str]] = {key: [] for key in filters}
        while sum(map(len, seen.values())) < 5:
            message = await socket.receive()
            lines = message["payload"]["data"]["logs"]["lines"]
            seen[message["id"]] += [line["message"] for line in lines]
    assert seen == {
        "run": ["run"],
        "tree": ["run", "below"],
        "text": ["below"],
        "level": ["below"],
    }


async def test_events_tell_of_states_and_of_what_programs_tell(service: RunningService) -> None:
    run, other = flow_run(), flow_run()
    task = task_run(run)
    shipped = custom_event(run)
    query = """subscription ($filter: LedgerEventFilter) { events(filter: $filter) { cursor events {
      kind flowRunId taskRunId state { name } event { id name } } } }"""
    async with open_socket(service.url) as socket:
        await begin(socket, query, key="all")
        await begin(socket, query, key="run", filter={"flowRunIds": [str(run.id)]})
        await begin(socket, query, key="custom", filter={"kinds": ["CUSTOM"]})
        await begin(socket, query, key="named", filter={"names": ["order.shipped"]})
        take(service.ledger, run, other, task, shipped, custom_event(other, "order.lost"))
        seen: dict[str, list[Any]] = {"all": [], "run": [], "custom": [], "named": []}
        while sum(map(len, seen.values())) < 5 + 3 + 2 + 1:
            message = await socket.receive()
            seen[message["id"]] += message["payload"]["data"]["events"]["events"]
    assert [event["kind"] for event in seen["all"]] == [
        "FLOW_RUN",
        "FLOW_RUN",
        "TASK_RUN",
        "CUSTOM",
        "CUSTOM",
    ]
    told = {
        "kind": "CUSTOM",
        "flowRunId": str(run.id),
        "taskRunId": None,
        "state": None,
        "event": {"id": str(shipped.id), "name": "order.shipped"},
    }
    assert seen["named"] == [told]
    assert told in seen["custom"]
    assert [event["taskRunId"] for event in seen["run"]] == [None, str(task.id), None]
    assert seen["all"][2]["state"] == {"name": "Running"}


async def test_a_cursor_whose_followers_were_deleted_is_refused(service: RunningService) -> None:
    stream, run = Stream(), flow_run()
    start = (await ask(service.ledger, "{ serverInfo { logCursor } }"))["serverInfo"]["logCursor"]
    take(service.ledger, run, *(log_line(run, str(number)) for number in range(9)), stream=stream)
    await service.ledger.awrite(delete_old, Log, 4)
    async with open_socket(service.url) as socket:
        await socket.subscribe(LOGS, after=start)
        message = await socket.receive()
        (error,) = message["payload"]
        assert message["type"] == "error"
        assert error["extensions"]["code"] == "CursorExpired"
        assert error["extensions"]["field"] == "after"
        await socket.subscribe(LOGS, after=error["extensions"]["oldestCursor"])
        lines, _ = await collect(socket, "logs", "lines", 5)
    assert [line["message"] for line in lines] == ["4", "5", "6", "7", "8"]


BAD = {
    'subscription { logs(after: "rubbish") { cursor } }': ("InvalidCursor", "after"),
    'subscription { logs(after: "MTpsb2c6OTk5OTk5") { cursor } }': ("InvalidCursor", "after"),
    'subscription { taskRuns(after: "MTpsb2c6MA") { cursor } }': ("InvalidCursor", "after"),
    'subscription { taskRuns(flowRunId: "x") { cursor } }': ("InvalidInput", "flowRunId"),
    'subscription { flowRuns(filter: {flowRunIds: ["x"]}) { cursor } }': (
        "InvalidInput",
        "flowRunIds",
    ),
}


@pytest.mark.parametrize(("query", "expected"), BAD.items())
async def test_an_unusable_argument_ends_the_subscription_alone(
    service: RunningService, query: str, expected: tuple[str, str]
) -> None:
    async with open_socket(service.url) as socket:
        await socket.subscribe(query, key="bad")
        message = await socket.receive()
        (error,) = message.pop("payload")
        assert message == {"id": "bad", "type": "error"}
        assert (error["extensions"]["code"], error["extensions"]["field"]) == expected
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
    await watched(service, 0)


async def test_queries_run_over_websockets_too(service: RunningService) -> None:
    async with open_socket(service.url) as socket:
        for name in ("first", "second"):
            take(service.ledger, flow_run(name=name))
            await socket.subscribe("{ flowRuns(first: 1) { nodes { name } } }", key=name)
            assert await socket.next() == {"flowRuns": {"nodes": [{"name": name}]}}
            assert await socket.receive() == {"id": name, "type": "complete"}


async def test_clients_that_vanish_leave_nothing_behind(service: RunningService) -> None:
    run = flow_run()
    take(service.ledger, run)
    for _ in range(3):
        async with open_socket(service.url) as left, open_socket(service.url) as cut:
            for socket in (left, cut):
                for key in ("1", "2", "3"):
                    await socket.subscribe(LOGS, key=key)
            await watched(service, 6)
            take(service.ledger, log_line(run))
            cut.connection.transport.abort()
            await watched(service, 3)
        await watched(service, 0)


async def test_a_service_that_stops_closes_its_websockets_at_once(tmp_path: Path) -> None:
    running = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    async with open_socket(running.url) as socket:
        await begin(socket, LOGS)
        await asyncio.to_thread(running.stop)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
    # A client takes 1012 for a restart and comes again; a "complete" would tell it to stay away.
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null"]
)
async def test_a_page_from_elsewhere_cannot_connect(service: RunningService, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(service.url, origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:9", None])
async def test_pages_of_this_machine_and_programs_can_connect(
    service: RunningService, origin: str | None
) -> None:
    async with open_socket(service.url, origin=origin) as socket:
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_a_page_by_a_foreign_name_cannot_connect(service: RunningService) -> None:
    port = int(service.url.rpartition(":")[2])
    foreign = f"http://evil.example:{port}"  # a name that has been made to point here
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(foreign, host="127.0.0.1", port=port, origin=foreign):
            pass
    assert refused.value.response.status_code == 403


RUBBISH = [
    "{",
    "[]",
    '"text"',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": null}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ x }", "variables": []}}',
    '{"type": "subscribe", "id": {}, "payload": {"query": "{ x }"}}',
    '{"type": "weather"}',
    "{}",
]


@pytest.mark.parametrize("text", RUBBISH)
async def test_a_message_that_makes_no_sense_closes_the_connection(
    service: RunningService, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_socket(service.url) as socket:
        await socket.connection.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
