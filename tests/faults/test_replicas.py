"""Three replicas of the service on one PostgreSQL database: one ledger, whoever is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import msgspec
import peewee
import pytest

from headrace.recorder import TransportAway
from headrace.recorder.http import HttpTransport
from headrace.records import LogLine, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.models import Log
from tests.builders import Stream
from tests.faults.processes import Service, running
from tests.integration.graphql_kit import open_socket
from tests.postgres import Server
from tests.recorder_kit import PATIENCE, until

WRITERS, BATCHES, LINES = 6, 25, 8
FEED = "subscription ($after: Cursor) { logs(after: $after) { lines { message } cursor } }"


@pytest.fixture
def database(postgres: Server) -> str:
    """Where the replicas' ledger is."""
    return postgres.create()


@pytest.fixture
def replicas(database: str) -> Iterator[list[Service]]:
    """Three services. They come up at once, and one of them makes the tables."""
    with ThreadPoolExecutor(3) as pool:
        started = list(pool.map(Service, [database] * 3))
    yield started
    for service in started:
        service.kill()


def messages(database: str) -> list[str]:
    """The messages of all log lines, in order."""

    def query(db: peewee.Database) -> list[str]:
        return [text for (text,) in Log.select(Log.message).order_by(Log.seq).tuples().execute(db)]

    ledger = Ledger.open(database)
    try:
        return ledger.read(query).result()
    finally:
        ledger.close()


def line_of(message: str) -> LogLine:
    """A log line of now: an old one the services would delete."""
    return LogLine(now_micros(), 20, "test", message)


def write(writer: int, urls: list[str]) -> None:
    """Send a stream's batches, each to the next replica."""
    stream = Stream()
    transports = [HttpTransport(url) for url in urls]
    for number, transport in zip(range(BATCHES), cycle(transports), strict=False):
        lines = [line_of(f"{writer}.{number}.{line}") for line in range(LINES)]
        ack = transport.send(msgspec.json.encode(stream.batch(*lines)))
        assert (ack.accepted, ack.duplicate) == (LINES, False)
    for transport in transports:
        transport.close()


async def follow(urls: list[str], count: int, ready: asyncio.Semaphore, stays: int) -> list[str]:
    """So many lines, heard from one replica after another, `stays` messages from each."""
    found: list[str] = []
    after = None
    for url in cycle(urls):
        async with open_socket(url) as socket:
            await socket.subscribe(FEED, after=after)
            for _ in range(stays):
                told = (await socket.next())["logs"]
                found += [line["message"] for line in told["lines"]]
                if after is None:
                    ready.release()
                after = told["cursor"]
                if len(found) >= count:
                    return found
    raise AssertionError("there are always more replicas")


async def test_subscribers_of_each_replica_hear_what_is_written_through_any(
    replicas: list[Service], database: str
) -> None:
    urls, count = [each.url for each in replicas], WRITERS * BATCHES * LINES
    ready = asyncio.Semaphore(0)
    async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as group:
        staying = [group.create_task(follow([url], count, ready, 10_000)) for url in urls]
        moving = [group.create_task(follow(urls[n:] + urls[:n], count, ready, 2)) for n in range(3)]
        for _ in range(6):
            await ready.acquire()
        for writer in range(WRITERS):
            turn = writer % 3
            group.create_task(asyncio.to_thread(write, writer, urls[turn:] + urls[:turn]))
    written = await asyncio.to_thread(messages, database)
    assert len(written) == len(set(written)) == count
    assert [task.result() for task in staying + moving] == [written] * 6


def test_what_a_killed_replica_acknowledged_is_kept_and_the_stream_goes_on_at_another(
    replicas: list[Service], database: str
) -> None:
    dying, other, _ = replicas
    stream, acknowledged = Stream(), 0
    enough = threading.Event()

    def kill() -> None:
        enough.wait(PATIENCE)
        dying.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    transport, elsewhere = HttpTransport(dying.url), HttpTransport(other.url)
    try:
        while True:
            batch = stream.batch(*(line_of(f"{stream.number}.{n}") for n in range(LINES)))
            transport.send(msgspec.json.encode(batch))
            acknowledged = batch.number
            if acknowledged == 50:
                enough.set()
    except TransportAway:
        killer.join()
        transport.close()
    assert acknowledged >= 50
    kept = messages(database)
    assert kept[: acknowledged * LINES] == expected(acknowledged)
    # Nobody knows whether the last batch was taken: sent again, it is there once.
    elsewhere.send(msgspec.json.encode(batch))
    elsewhere.send(msgspec.json.encode(stream.batch(line_of("the next"))))
    elsewhere.close()
    assert messages(database) == [*expected(batch.number), "the next"]


def expected(batches: int) -> list[str]:
    """The messages of so many batches."""
    return [f"{number}.{line}" for number in range(batches) for line in range(LINES)]


def test_a_script_outlives_its_service_on_postgresql(database: str, home: Path) -> None:
    service = Service(database)
    try:
        with running(service.environment, "lines_until_told") as script:
            assert script.hear() == "recording"
            until(lambda: len(messages(database)) > 200, "records flow in")
            service.kill()
            until(lambda: any((home / "spool").glob("*.spool")), "the script spools")
            service.restart()
            out, _ = script.finish()
    finally:
        service.kill()
    count, settled = out.split()
    assert settled == "ACKNOWLEDGED"
    assert messages(database) == [str(number) for number in range(int(count))]
