"""Those who follow see all of it once, whatever becomes of the service that they follow it by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

from headrace.client import AsyncClient, Client, ConnectionState, ConnectionStatus
from headrace.client import subscriptions as subscriptions_module
from headrace_service.ledger import Ledger
from tests.builders import Stream, flow_run, log_line
from tests.faults.processes import Service
from tests.recorder_kit import PATIENCE

LOGS = "subscription ($after: Cursor) { logs(after: $after) { cursor lines { message } } }"
#: Lines that are written between two deaths of the service, and how often it dies.
LINES, DEATHS = 50, 3


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients come again at once."""
    monkeypatch.setattr(subscriptions_module, "BACKOFF", (0.01, 0.05))


@pytest.fixture
def ledger(service: Service) -> Iterator[Ledger]:
    """The service's ledger, to write to as another replica does."""
    opened = Ledger.open(service.path)
    yield opened
    opened.close()


class Writer:
    """Writes numbered lines."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._stream, self._run = Stream(), flow_run()
        self._ledger.append(self._stream.batch(self._run)).result()
        self.written = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            batch = self._stream.batch(log_line(self._run, str(self.written)))
            assert self._ledger.append(batch).result().refused == []
            self.written += 1

    @property
    def numbers(self) -> list[str]:
        return [str(number) for number in range(self.written)]


def messages_of(message: dict[str, Any]) -> list[str]:
    return [line["message"] for line in message["logs"]["lines"]]


def test_a_service_that_is_killed_again_and_again(service: Service, ledger: Ledger) -> None:
    """Lines are written while it is there, and while it is not."""
    statuses: list[ConnectionStatus] = []
    writer, seen = Writer(ledger), list[str]()
    with Client(service.url) as client:
        start = {"after": client.server_info()["logCursor"]}
        with closing(client.subscribe(LOGS, start, on_status=statuses.append)) as messages:
            for _ in range(DEATHS):
                writer.write(LINES)
                while len(seen) < writer.written:
                    seen += messages_of(next(messages))
                service.kill()
                writer.write(LINES)
                service.restart()
            while len(seen) < writer.written:
                seen += messages_of(next(messages))
    assert seen == writer.numbers
    states = [status.state for status in statuses]
    assert states.count(ConnectionState.CONNECTED) == DEATHS + 1


async def test_a_subscriber_goes_on_by_another_replica(
    service: Service, ledger: Ledger, tmp_path: Path
) -> None:
    """Cursors are places in the ledger, and no service's own."""
    writer, seen = Writer(ledger), list[str]()
    replica = await asyncio.to_thread(Service, service.path)
    try:
        async with AsyncClient(service.url) as first, AsyncClient(replica.url) as second:
            after = (await first.server_info())["logCursor"]
            async with asyncio.timeout(3 * PATIENCE):
                for client in (first, second) * 4:
                    writing = asyncio.create_task(asyncio.to_thread(writer.write, LINES))
                    wanted = len(seen) + LINES
                    async with aclosing(client.subscribe(LOGS, {"after": after})) as messages:
                        while len(seen) < wanted:
                            message = await anext(messages)
                            seen += messages_of(message)
                            after = message["logs"]["cursor"]
                    await writing
    finally:
        replica.kill()
    assert seen == writer.numbers
