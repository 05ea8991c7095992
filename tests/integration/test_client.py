"""The clients: one set of operations, over HTTP and in this process, waiting and awaited."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from headrace.client import AsyncClient, Client, ConnectionState, ConnectionStatus, get_client
from headrace.client import operations as operations_module
from headrace.client.answers import decode_response
from headrace.exceptions import CursorExpired, InvalidSetting, ServiceError, ServiceUnreachable
from headrace.records import FlowRunCreated, Record, TaskRunCreated
from headrace.settings import get_settings
from headrace_service.api.pagination import Place, encode_cursor
from headrace_service.ledger import Ledger
from headrace_service.ledger.models import Log
from headrace_service.server import start_in_thread
from tests.builders import Stream, delete_old, enters, flow_run, log_line, state, task_run
from tests.recorder_kit import PATIENCE

FLOW_RUNS = (
    "subscription ($after: Cursor) { flowRuns(after: $after) { events { flowRunId } cursor } }"
)
LOGS = "subscription ($after: Cursor) { logs(after: $after) { lines { message } cursor } }"


class Scene:
    """A flow run with two task runs and three lines, in a ledger."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = Stream()
        self.run: FlowRunCreated = flow_run("etl", "calm-heron")
        self.tasks: list[TaskRunCreated] = [task_run(self.run, name) for name in ("load", "sift")]
        lines: list[Record] = [log_line(self.run, f"line {number}") for number in range(3)]
        self.add(self.run, *self.tasks, *lines)

    def add(self, *records: Record) -> None:
        """Record something, as another process would."""
        ledger = Ledger.open(self.path)
        try:
            ledger.append(self.stream.batch(*records)).result()
        finally:
            ledger.close()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "home").mkdir()
    return Scene(tmp_path / "home" / "ledger.db")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(params=["embedded", "http"])
def api_url(request: pytest.FixtureRequest, scene: Scene) -> Iterator[str | None]:
    if request.param == "embedded":
        yield None
        return
    with start_in_thread(scene.path) as service:
        yield service.url


@pytest.fixture
def client(api_url: str | None) -> Iterator[Client]:
    with Client(api_url) as made:
        yield made


@pytest.fixture
async def async_client(api_url: str | None) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(api_url) as made:
        yield made


# -- operations ------------------------------------------------------------------------------------


def test_the_operations(client: Client, scene: Scene) -> None:
    assert client.server_info()["wireVersion"] >= 1
    page = client.flow_runs()
    assert [run["name"] for run in page["nodes"]] == ["calm-heron"]
    assert page["pageInfo"]["hasNextPage"] is False
    found = client.flow_run(scene.run.id)
    assert found is not None
    assert (found["flowName"], found["state"]["type"]) == ("etl", "RUNNING")
    assert found["taskRunCounts"] == [{"type": "RUNNING", "count": 2}]
    tasks = client.task_runs(flow_run_id=scene.run.id, first=1)
    assert [run["name"] for run in tasks["nodes"]] == ["load"]
    more = client.task_runs(flow_run_id=scene.run.id, after=tasks["pageInfo"]["endCursor"])
    assert [run["name"] for run in more["nodes"]] == ["sift"]
    lines = client.logs(flow_run_id=scene.run.id, message_contains="2")["nodes"]
    assert [line["message"] for line in lines] == ["line 2"]


def test_filters(client: Client) -> None:
    assert client.flow_runs(states=["FAILED"])["nodes"] == []
    assert client.flow_runs(flow_name="etl", name_contains="heron", tags=[])["nodes"] != []
    assert client.task_runs(states=["RUNNING"], task_name="sift", name_contains="s")["nodes"] != []
    assert client.logs(min_level=30, include_subflows=True)["nodes"] == []
    assert client.flow_run("0198c0de-0000-7000-8000-000000000000") is None


async def test_the_asynchronous_client_has_the_same(
    async_client: AsyncClient, scene: Scene
) -> None:
    assert (await async_client.server_info())["wireVersion"] >= 1
    assert [run["name"] for run in (await async_client.flow_runs())["nodes"]] == ["calm-heron"]
    found = await async_client.flow_run(scene.run.id)
    assert found is not None
    tasks = await async_client.task_runs(flow_run_id=scene.run.id)
    assert [run["name"] for run in tasks["nodes"]] == ["load", "sift"]
    assert len((await async_client.logs())["nodes"]) == 3


def test_both_clients_have_all_operations_with_their_signatures() -> None:
    names = [
        name
        for name, value in vars(operations_module).items()
        if inspect.isfunction(value) and value.__module__ == operations_module.__name__
    ]
    names = [name for name in names if not name.startswith("_")]
    assert {"server_info", "flow_runs", "flow_run", "task_runs", "logs"} <= set(names)
    for name in names:
        operation = getattr(operations_module, name)
        for kind in (Client, AsyncClient):
            assert inspect.signature(getattr(kind, name)) == inspect.signature(operation)
            assert getattr(kind, name).__doc__ == operation.__doc__


def test_a_query_of_ones_own(client: Client, scene: Scene) -> None:
    query = "query ($id: ID!) { run: flowRun(id: $id) { logs(last: 1) { nodes { message } } } }"
    data = client.execute(query, {"id": scene.run.id})
    assert data == {"run": {"logs": {"nodes": [{"message": "line 2"}]}}}


def test_a_clients_errors_name_what_was_wrong(client: Client) -> None:
    with pytest.raises(ServiceError, match="first") as caught:
        client.flow_runs(first=100_000)
    assert (caught.value.code, caught.value.field) == ("InvalidInput", "first")
    with pytest.raises(ServiceError, match="nonsense"):
        client.execute("{ nonsense }")


async def test_the_waiting_client_works_inside_of_an_event_loop(api_url: str | None) -> None:
    with Client(api_url) as client:
        assert len(client.flow_runs()["nodes"]) == 1


def test_closing_may_be_repeated(api_url: str | None) -> None:
    client = Client(api_url)
    client.close()
    client.server_info()
    client.close()
    client.close()


def test_nobody_answers() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(ServiceUnreachable) as caught:
        client.server_info()
    assert "nobody answers at http://127.0.0.1:9 (" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, "no headrace service, or a broken one (HTTP 200); check HEADRACE_API_URL"),
        (501, "no headrace service, or a broken one (HTTP 501); check HEADRACE_API_URL"),
        (502, "the service at http://there is not in order (HTTP 502)"),
    ],
)
def test_an_answer_that_is_none_of_ours(status: int, told: str) -> None:
    with pytest.raises(ServiceUnreachable, match=re.escape(told)):
        decode_response("http://there", status, b"<html>")


def test_an_address_in_another_form(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client("http://localhost:4200/api/").api_url == "http://localhost:4200"
    with pytest.raises(InvalidSetting):
        Client("localhost:4200")
    monkeypatch.setenv("HEADRACE_API_URL", "http://127.0.0.1:4200/api")
    get_settings.cache_clear()
    assert get_client(sync_client=True).api_url == "http://127.0.0.1:4200"
    assert get_client().api_url == "http://127.0.0.1:4200"


# -- subscriptions ---------------------------------------------------------------------------------


async def follow_logs(messages: AsyncGenerator[dict[str, Any], None], count: int) -> list[str]:
    """The next `count` lines."""
    lines: list[str] = []
    async with asyncio.timeout(PATIENCE):
        async for data in messages:
            lines += [line["message"] for line in data["logs"]["lines"]]
            if len(lines) >= count:
                return lines
    raise AssertionError("the subscription ended")


async def test_a_subscription_brings_what_was_and_what_comes(
    async_client: AsyncClient, scene: Scene
) -> None:
    cursor = (await async_client.server_info())["feedCursor"]
    scene.add(enters(scene.run, state("COMPLETED")))
    async with aclosing(async_client.subscribe(FLOW_RUNS, {"after": cursor})) as messages:
        async with asyncio.timeout(PATIENCE):
            first = await anext(messages)
            assert [e["flowRunId"] for e in first["flowRuns"]["events"]] == [str(scene.run.id)]
            other = flow_run()
            scene.add(other)
            second = await anext(messages)
            assert [e["flowRunId"] for e in second["flowRuns"]["events"]] == [str(other.id)]


async def test_several_subscriptions_at_once(async_client: AsyncClient, scene: Scene) -> None:
    info = await async_client.server_info()
    scene.add(log_line(scene.run, "more"))
    followers = [async_client.subscribe(LOGS, {"after": info["logCursor"]}) for _ in range(3)]
    try:
        for lines in await asyncio.gather(*(follow_logs(each, 1) for each in followers)):
            assert lines == ["more"]
    finally:
        for follower in followers:
            await follower.aclose()


async def test_a_subscription_that_is_refused(async_client: AsyncClient) -> None:
    for query in ("subscription { nonsense }", 'subscription { logs(after: "x") { cursor } }'):
        async with aclosing(async_client.subscribe(query)) as messages:
            with pytest.raises(ServiceError):
                await anext(messages)


async def test_a_subscription_can_be_cancelled(async_client: AsyncClient) -> None:
    connected = asyncio.Event()

    async def follow() -> None:
        messages = async_client.subscribe(LOGS, on_status=lambda status: connected.set())
        async with aclosing(messages):
            async for _ in messages:
                raise AssertionError("nothing is to come")

    task = asyncio.create_task(follow())
    async with asyncio.timeout(PATIENCE):
        await connected.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_subscription_goes_on_after_the_service_was_away(scene: Scene) -> None:
    statuses: asyncio.Queue[ConnectionStatus] = asyncio.Queue()
    service = await asyncio.to_thread(start_in_thread, scene.path)
    port = int(service.url.rsplit(":", 1)[1])
    async with AsyncClient(service.url) as client, asyncio.timeout(PATIENCE):
        start = (await client.server_info())["logCursor"]
        messages = client.subscribe(LOGS, {"after": start}, on_status=statuses.put_nowait)
        async with aclosing(messages):
            scene.add(*(log_line(scene.run, str(number)) for number in range(700)))
            seen = await follow_logs(messages, 700)
            going_on = asyncio.create_task(follow_logs(messages, 2))
            await asyncio.to_thread(service.stop)
            assert (await statuses.get()).state is ConnectionState.CONNECTED
            broken = await statuses.get()
            assert (broken.state, broken.attempt) == (ConnectionState.RECONNECTING, 1)
            assert 0.4 <= broken.retry_in <= 0.6
            assert broken.error
            scene.add(log_line(scene.run, "700"))
            service = await asyncio.to_thread(start_in_thread, scene.path, port=port)
            while (await statuses.get()).state is not ConnectionState.CONNECTED:
                pass
            scene.add(log_line(scene.run, "701"))
            seen += await going_on
    await asyncio.to_thread(service.stop)
    assert seen == [str(number) for number in range(702)]


async def test_a_subscription_without_a_cursor_misses_nothing_from_when_it_is_connected(
    scene: Scene,
) -> None:
    statuses: asyncio.Queue[ConnectionStatus] = asyncio.Queue()
    service = await asyncio.to_thread(start_in_thread, scene.path)
    port = int(service.url.rsplit(":", 1)[1])
    async with AsyncClient(service.url) as client, asyncio.timeout(PATIENCE):
        messages = client.subscribe(LOGS, on_status=statuses.put_nowait)
        async with aclosing(messages):
            following = asyncio.create_task(follow_logs(messages, 2))
            assert (await statuses.get()).state is ConnectionState.CONNECTED
            await asyncio.to_thread(service.stop)
            assert (await statuses.get()).state is ConnectionState.RECONNECTING
            scene.add(log_line(scene.run, "while it was away"))
            service = await asyncio.to_thread(start_in_thread, scene.path, port=port)
            while (await statuses.get()).state is not ConnectionState.CONNECTED:
                pass
            scene.add(log_line(scene.run, "when it was back"))
            assert await following == ["while it was away", "when it was back"]
    await asyncio.to_thread(service.stop)


def fork() -> None:
    """Fork this process, and wait for the child's end."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_subscriptions_in_this_process_outlive_its_forks(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    connected = asyncio.Semaphore(0)
    async with AsyncClient() as client, asyncio.timeout(PATIENCE):
        followers = [
            client.subscribe(LOGS, on_status=lambda status: connected.release()) for _ in range(2)
        ]
        following = [asyncio.create_task(follow_logs(each, 4)) for each in followers]
        for _ in followers:
            await connected.acquire()
        expected = []
        for number in range(4):
            if number % 2:
                fork()
            else:
                await asyncio.to_thread(fork)
            expected.append(f"fork {number}")
            scene.add(log_line(scene.run, expected[-1]))
        assert await asyncio.gather(*following) == [expected, expected]
        for each in followers:
            await each.aclose()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_client_that_was_used_before_a_fork_is_of_use_in_the_child_and_the_parent(
    scene: Scene, api_url: str | None
) -> None:
    with Client(api_url) as client:
        assert client.flow_run(scene.run.id)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            signal.alarm(60)  # rather than hang
            try:
                found = client.flow_run(scene.run.id)
                client.close()
                os.write(writing, str(found and found["name"]).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading) as told:
            assert told.read() == scene.run.name
        os.waitpid(pid, 0)
        assert client.flow_run(scene.run.id)


# -- what else a websocket may say -----------------------------------------------------------------


@asynccontextmanager
async def websocket_server(
    *turns: Callable[[ServerConnection], Any],
) -> AsyncIterator[str]:
    """A websocket server that treats each connection as its turn says; yields its address."""
    waiting = list(turns)

    async def handle(socket: ServerConnection) -> None:
        await waiting.pop(0)(socket)

    async with serve(handle, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"]) as running:  # type: ignore[list-item]
        port = next(iter(running.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"


async def say(socket: ServerConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(msgspec.json.encode(message).decode())


async def hear(socket: ServerConnection) -> dict[str, Any]:
    heard: dict[str, Any] = msgspec.json.decode(await socket.recv())
    return heard


def message(cursor: str, *lines: str) -> dict[str, Any]:
    listed = [{"message": line} for line in lines]
    payload = {"data": {"logs": {"lines": listed, "cursor": cursor}}}
    return {"id": "1", "type": "next", "payload": payload}


async def test_pings_are_answered_and_breaks_survived() -> None:
    heard: list[dict[str, Any]] = []
    ack = {"type": "connection_ack"}

    async def pinging(socket: ServerConnection) -> None:
        assert (await hear(socket))["type"] == "connection_init"
        await say(socket, {"type": "ping"}, ack, {"type": "ping", "payload": {}})
        heard.extend([await hear(socket), await hear(socket), await hear(socket)])
        await say(socket, {"type": "pong"}, message("a", "line"), {"id": "1", "type": "complete"})

    async def no_protocol(socket: ServerConnection) -> None:
        await socket.send("hello")
        await socket.wait_closed()

    async def resuming(socket: ServerConnection) -> None:
        await hear(socket)
        await say(socket, ack)
        heard.append(await hear(socket))
        await say(socket, message("b", "line"))
        await socket.wait_closed()

    statuses: list[ConnectionStatus] = []
    async with (
        websocket_server(pinging, no_protocol, resuming) as url,
        AsyncClient(url) as client,
        asyncio.timeout(PATIENCE),
        aclosing(client.subscribe(LOGS, on_status=statuses.append)) as messages,
    ):
        assert (await anext(messages))["logs"]["cursor"] == "a"
        assert (await anext(messages))["logs"]["cursor"] == "b"
    assert sorted(item["type"] for item in heard[:3]) == ["pong", "pong", "subscribe"]
    assert heard[3]["payload"]["variables"] == {"after": "a"}
    broken = [s for s in statuses if s.state is ConnectionState.RECONNECTING]
    assert [status.attempt for status in broken] == [1, 2]
    assert [status.error for status in broken] == [
        "the service ended the subscription",
        "what answers does not speak graphql-transport-ws",
    ]


async def test_empty_messages_tell_only_how_far_things_are() -> None:
    variables: list[object] = []
    ack = {"type": "connection_ack"}

    def turn(*messages: dict[str, Any]) -> Callable[[ServerConnection], Any]:
        async def answer(socket: ServerConnection) -> None:
            await hear(socket)
            await say(socket, ack)
            variables.append((await hear(socket))["payload"]["variables"])
            await say(socket, *messages)

        return answer

    statuses: list[ConnectionStatus] = []
    turns = turn(message("a")), turn(message("b"), message("c")), turn(message("d", "line"))
    async with (
        websocket_server(*turns) as url,
        AsyncClient(url) as client,
        asyncio.timeout(PATIENCE),
        aclosing(client.subscribe(LOGS, {}, on_status=statuses.append)) as messages,
    ):
        assert (await anext(messages))["logs"]["lines"] == [{"message": "line"}]
    assert variables == [{}, {"after": "a"}, {"after": "c"}]
    connected, reconnecting = ConnectionState.CONNECTED, ConnectionState.RECONNECTING
    assert [status.state for status in statuses] == [connected, reconnecting] * 2 + [connected]
    assert [status.attempt for status in statuses if status.attempt] == [1, 1]


# -- waiting subscriptions -------------------------------------------------------------------------


def test_a_waiting_subscription_brings_what_was_and_what_comes(
    client: Client, scene: Scene
) -> None:
    page = client.logs()
    with closing(client.subscribe(LOGS, {"after": page["feedCursor"]})) as messages:
        for number in range(3):
            scene.add(log_line(scene.run, f"new {number}"))
            assert next(messages)["logs"]["lines"] == [{"message": f"new {number}"}]
    assert client.server_info()["wireVersion"] >= 1


def test_a_waiting_subscription_that_is_left_ends(client: Client) -> None:
    """Between two messages, and before the first of them was asked for."""
    for asked in (True, False):
        messages = client.subscribe("subscription { counts { cursor flowRuns { count } } }")
        if asked:
            assert next(messages)["counts"]["flowRuns"]
        messages.close()
    with pytest.raises(StopIteration):
        next(messages)


def test_a_waiting_subscription_that_is_refused(client: Client) -> None:
    with pytest.raises(ServiceError, match="no cursor") as refused:
        next(client.subscribe(LOGS, {"after": "rubbish"}))
    assert (refused.value.code, refused.value.field) == ("InvalidCursor", "after")


def test_what_was_deleted_meanwhile_is_a_typed_error(client: Client, scene: Scene) -> None:
    after = encode_cursor(Place.LOG, 1)
    ledger = Ledger.open(scene.path)
    ledger.write(delete_old, Log, 2).result()
    ledger.close()
    with pytest.raises(CursorExpired, match="was deleted up to 2") as expired:
        next(client.subscribe(LOGS, {"after": after}))
    message = next(client.subscribe(LOGS, {"after": expired.value.oldest_cursor}))
    assert message["logs"]["lines"] == [{"message": "line 2"}]


def test_a_service_that_takes_too_long_is_a_typed_error() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with (
            Client(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05) as client,
            pytest.raises(ServiceUnreachable, match="timed out"),
        ):
            client.server_info()


async def test_without_a_service_its_loops_delete_what_is_old(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    monkeypatch.setenv("HEADRACE_SERVER_RETENTION_RUNS", "1e-9")
    monkeypatch.setenv("HEADRACE_SERVER_RETENTION_INTERVAL", "0.01")
    get_settings.cache_clear()
    scene.add(enters(scene.run, state("COMPLETED")))
    async with AsyncClient() as client:
        assert (await client.flow_runs())["nodes"]
        loops = asyncio.create_task(client.run_loops())
        async with asyncio.timeout(PATIENCE):
            while (await client.flow_runs())["nodes"]:  # noqa: ASYNC110  # no event tells of it
                await asyncio.sleep(0.01)
        loops.cancel()
