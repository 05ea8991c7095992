"""The live tail: in order, no gap and no duplicate, whoever wrote and however slow the reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

import pytest

from headrace.records import Record
from headrace_service.ledger import InvalidCursor, Ledger, feed
from headrace_service.ledger.feed import EventRow, FeedChunk, LogRow
from tests.builders import Stream, flow_run, log_line, task_run

R = TypeVar("R", EventRow, LogRow)
BOTH = frozenset({"flow_run", "task_run"})


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger whose feed is running."""
    ledger = Ledger.open(tmp_path / "ledger.db")
    await ledger.feed.start()
    yield ledger
    await ledger.feed.stop()
    ledger.close()


async def take(chunks: AsyncGenerator[FeedChunk[R]], count: int) -> list[R]:
    """The next rows of a subscription, which is then closed."""
    rows: list[R] = []
    async with asyncio.timeout(20), aclosing(chunks):
        async for chunk in chunks:
            assert chunk.cursor >= chunk.rows[-1].seq
            rows += chunk.rows
            if len(rows) >= count:
                break
    return rows


async def subscribed(ledger: Ledger, count: int = 1) -> None:
    """Wait until so many subscriptions are open."""
    async with asyncio.timeout(20):
        while ledger.feed.subscribers < count:  # noqa: ASYNC110  # nothing signals this
            await asyncio.sleep(0)


async def test_a_subscriber_sees_what_is_committed_after_it_came(followed: Ledger) -> None:
    stream, run = Stream(), flow_run()
    followed.append(stream.batch(run)).result()
    logs = followed.feed.logs(None)
    first = asyncio.create_task(anext(logs))
    await subscribed(followed)
    await asyncio.to_thread(followed.append(stream.batch(log_line(run, "now"))).result)
    chunk = await first
    assert [line.message for line in chunk.rows] == ["now"]
    await logs.aclose()
    assert followed.feed.subscribers == 0


async def test_a_subscriber_is_brought_up_to_date_from_its_cursor(followed: Ledger) -> None:
    stream, run = Stream(), flow_run()
    followed.append(stream.batch(run)).result()
    for part in range(4):
        lines = [log_line(run, f"{part}-{i}") for i in range(400)]
        followed.append(stream.batch(*lines)).result()
    rows = await take(followed.feed.logs(0), 1600)
    assert [row.seq for row in rows] == list(range(1, 1601))
    rest = await take(followed.feed.logs(rows[1000].seq), 599)
    assert [row.message for row in rest] == [row.message for row in rows[1001:]]


async def test_reconnecting_again_and_again_misses_and_repeats_nothing(followed: Ledger) -> None:
    stream, run = Stream(), flow_run()
    followed.append(stream.batch(run)).result()

    async def write() -> None:
        for number in range(300):
            batch = stream.batch(log_line(run, str(number)))
            await asyncio.wrap_future(followed.append(batch))

    writing = asyncio.create_task(write())
    seen: list[str] = []
    cursor = 0
    async with asyncio.timeout(60):
        while len(seen) < 300:
            async with aclosing(followed.feed.logs(cursor)) as chunks:
                chunk = await anext(chunks)
                seen += [row.message for row in chunk.rows]
                cursor = chunk.cursor
    await writing
    assert seen == [str(number) for number in range(300)]


async def test_only_what_is_wanted_is_delivered(followed: Ledger) -> None:
    stream, mine, other = Stream(), flow_run(), flow_run()
    records: list[Record] = [
        mine,
        other,
        task_run(mine),
        task_run(other),
        log_line(mine, "low", 10),
    ]
    followed.append(stream.batch(*records, log_line(mine, "high", 40))).result()
    rows = await take(
        followed.feed.events(0, kinds=frozenset({"task_run"}), flow_run_ids=frozenset({mine.id})),
        1,
    )
    assert [row.flow_run_id for row in rows] == [mine.id]
    lines = await take(followed.feed.logs(0, min_level=30), 1)
    assert [line.message for line in lines] == ["high"]


async def test_a_reader_that_has_fallen_behind_memory_reads_the_table(
    followed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEEP", 50)
    stream, run = Stream(), flow_run()
    followed.append(stream.batch(run)).result()
    slow = followed.feed.logs(0)
    followed.append(stream.batch(log_line(run, "0"))).result()
    seen = [row.message for row in (await anext(slow)).rows]
    for part in range(1, 40):
        lines = [log_line(run, str(part * 100 + i)) for i in range(100)]
        await asyncio.wrap_future(followed.append(stream.batch(*lines)))
    seen += [row.message for row in await take(slow, 3900)]
    assert seen == ["0", *(str(number) for number in range(100, 4000))]


async def test_another_process_commits_are_seen(followed: Ledger) -> None:
    """Another connection to the file stands for another process: nothing of ours is shared."""
    other, run = Ledger.open(followed.path), flow_run()
    events = followed.feed.events(None, kinds=BOTH)
    waiting = asyncio.create_task(take(events, 1))
    await subscribed(followed)
    other.append(Stream().batch(run)).result()
    assert [row.subject_id for row in await waiting] == [run.id]
    other.close()


async def test_a_cursor_of_another_ledger_is_refused(followed: Ledger) -> None:
    with pytest.raises(InvalidCursor, match="nothing at 999"):
        await anext(followed.feed.events(999, kinds=BOTH))
    assert followed.feed.subscribers == 0


async def test_stopping_ends_every_subscription(followed: Ledger) -> None:
    async def all_of(chunks: AsyncGenerator[FeedChunk[EventRow]]) -> int:
        return len([chunk async for chunk in chunks])

    waiting = [
        asyncio.create_task(all_of(followed.feed.events(None, kinds=BOTH))) for _ in range(5)
    ]
    await subscribed(followed, 5)
    await followed.feed.stop()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*waiting) == [0] * 5
    assert followed.feed.subscribers == 0
