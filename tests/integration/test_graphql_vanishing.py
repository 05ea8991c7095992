"""Subscribers that stop to read, and that vanish: neither costs anybody anything."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from types import AsyncGeneratorType
from typing import Any

import pytest

from headrace_service.ledger import tail
from headrace_service.server import RunningService, start_in_thread
from tests.builders import Stream, flow_run, log_line
from tests.integration.graphql_kit import Socket, open_socket, take

LOGS = "subscription ($after: Cursor) { logs(after: $after) { cursor lines { message } } }"
EVENTS = "subscription { events { cursor events { kind } } }"
COUNTS = "subscription { counts { cursor flowRuns { count } } }"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningService]:
    running = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    yield running
    await asyncio.to_thread(running.stop)


def unsent(service: RunningService) -> int:
    """The bytes that wait in the service for clients to take them."""
    connections: set[Any] = service._server.server_state.connections
    return max(int(one.transport.get_write_buffer_size()) for one in tuple(connections))


async def read_lines(socket: Socket, count: int) -> list[str]:
    """The beginnings of so many log lines."""
    found: list[str] = []
    while len(found) < count:
        found += [line["message"][:4] for line in (await socket.next())["logs"]["lines"]]
    return found


async def test_one_who_does_not_read_costs_bounded_memory_and_misses_nothing(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some 40 MB pass by: more than all sockets' buffers, and twenty times what is kept."""
    monkeypatch.setattr(tail, "KEEP_BYTES", 2_000_000)
    stream, run, count = Stream(), flow_run(), 400
    take(service.ledger, run, stream=stream)
    most = 0
    async with (
        open_socket(service.url, max_queue=1, max_size=None) as stalled,
        open_socket(service.url, max_size=None) as reader,
    ):
        for socket in (stalled, reader):
            await socket.subscribe(LOGS)
            await socket.next()
        stalled.connection.transport.pause_reading()
        for start in range(0, count, 10):
            lines = [log_line(run, f"{start + i:04}" + "x" * 100_000) for i in range(10)]
            await asyncio.to_thread(take, service.ledger, *lines, stream=stream)
            numbers = range(start, start + 10)
            assert await read_lines(reader, 10) == [f"{number:04}" for number in numbers]
            most = max(most, unsent(service))
            assert service.ledger.feed.kept_bytes <= 2_000_000
        assert most > 64 * 1024  # it was held up, indeed
        assert most <= 2 * tail.CHUNK_BYTES  # by one message that waits
        stalled.connection.transport.resume_reading()
        assert await read_lines(stalled, count) == [f"{number:04}" for number in range(count)]


def feeds_alive() -> int:
    """The service's generators that are alive, in whatever state."""
    gc.collect()
    return sum(
        1
        for one in gc.get_objects()
        if isinstance(one, AsyncGeneratorType) and "headrace_service" in one.ag_code.co_filename
    )


async def vanish(service: RunningService, number: int) -> None:
    """Subscribe, and be cut off: some before the first message comes, some after it."""
    async with open_socket(service.url) as socket:
        await socket.subscribe((LOGS, EVENTS, COUNTS)[number % 3])
        if number % 2:
            await socket.next()
        socket.connection.transport.abort()


async def test_a_thousand_that_vanish_leave_no_task_and_no_generator(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    loop = service._server._loop
    assert loop is not None
    before, alive = len(asyncio.all_tasks(loop)), feeds_alive()
    for start in range(0, 1_000, 50):
        await asyncio.gather(*(vanish(service, number) for number in range(start, start + 50)))
    async with asyncio.timeout(60):
        while (  # noqa: ASYNC110  # the loop tells nobody
            service.ledger.feed.subscribers or len(asyncio.all_tasks(loop)) > before
        ):
            await asyncio.sleep(0)
    assert feeds_alive() == alive
    assert service.ledger.feed.kept_bytes == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
