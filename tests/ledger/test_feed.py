"""The live tail: in order, no gap and no duplicate, whoever wrote and however slow the reader."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.records import Record, now_micros
from headrace_service.ledger import CursorExpired, InvalidCursor, Ledger, feed, tail
from headrace_service.ledger.models import Log
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.logs import LogRow
from headrace_service.ledger.queries.looks import workers_now
from headrace_service.ledger.tail import EventRow, FeedChunk
from headrace_service.ledger.work_pools import WorkerCall, keep_worker
from tests.builders import Stream, custom_event, delete_old, flow_run, log_line, task_run
from tests.ledger.conftest import Place

R = TypeVar("R", EventRow, LogRow)
BOTH = frozenset({"flow_run", "task_run"})


@pytest.fixture
async def followed(ledger: Ledger) -> AsyncIterator[Ledger]:
    """A ledger whose feed is running."""
    await ledger.feed.start()
    yield ledger
    await ledger.feed.stop()


async def take(chunks: AsyncGenerator[FeedChunk[R]], count: int) -> list[R]:
    """The next rows of a subscription, which is then closed."""
    rows: list[R] = []
    async with asyncio.timeout(60), aclosing(chunks):
        async for chunk in chunks:
            assert all(row.seq <= chunk.cursor for row in chunk.rows)
            rows += chunk.rows
            if len(rows) >= count:
                break
    return rows


async def begin(chunks: AsyncGenerator[FeedChunk[R]]) -> int:
    """Open a subscription from now on; the cursor of its first chunk, which is empty."""
    async with asyncio.timeout(60):
        chunk = await anext(chunks)
    assert chunk.rows == []
    return chunk.cursor


async def test_a_subscriber_sees_what_is_committed_after_it_came(followed: Ledger) -> None:
    stream, run = Stream(), flow_run()
    followed.append(stream.batch(run)).result()
    logs = followed.feed.logs(None)
    assert await begin(logs) == 0
    await asyncio.to_thread(followed.append(stream.batch(log_line(run, "now"))).result)
    chunk = await anext(logs)
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
    monkeypatch.setattr(tail, "KEEP_BYTES", 50 * tail.ROW_BYTES)
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


async def test_long_lines_take_no_more_memory_than_many_short_ones(
    followed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "KEEP_BYTES", 1_000_000)
    monkeypatch.setattr(tail, "CHUNK_BYTES", 100_000)
    monkeypatch.setattr(tail, "PULL_BYTES", 200_000)
    stream, count = Stream(), 100
    logs = followed.feed.logs(None)
    await begin(logs)
    lines = [log_line(None, f"{number:03}" + "x" * 60_000) for number in range(count)]
    await asyncio.wrap_future(followed.append(stream.batch(*lines)))
    seen: list[str] = []
    while len(seen) < count:
        chunk = await anext(logs)
        assert 0 < len(chunk.rows) <= 2
        assert 0 < followed.feed.kept_bytes <= 1_000_000
        seen += [row.message[:3] for row in chunk.rows]
    assert seen == [f"{number:03}" for number in range(count)]
    await logs.aclose()
    assert followed.feed.kept_bytes == 0


async def test_many_subscribers_that_begin_at_once_see_all_in_order(followed: Ledger) -> None:
    """While the first of them finds out where the feed stands, others come and rows are written."""
    stream, run, count = Stream(), flow_run(), 40
    followed.append(stream.batch(run)).result()

    async def write() -> None:
        for _ in range(count):
            batch = stream.batch(*(task_run(run) for _ in range(10)))
            await asyncio.wrap_future(followed.append(batch))
        await asyncio.wrap_future(followed.append(stream.batch(task_run(run, "last"))))

    async def read() -> list[int]:
        seen: list[int] = []
        async with aclosing(followed.feed.events(None, kinds=BOTH)) as chunks:
            async for chunk in chunks:
                seen += [row.seq for row in chunk.rows]
                if chunk.cursor == 2 + 10 * count:
                    break
        return seen

    writing = asyncio.create_task(write())
    async with asyncio.timeout(60):
        reading = [asyncio.create_task(read()) for _ in range(10)]
        await writing
        for seen in await asyncio.gather(*reading):
            assert seen == list(range(2 + 10 * count - len(seen) + 1, 2 + 10 * count + 1))
    assert followed.feed.subscribers == 0


async def test_one_that_begins_while_another_begins_waits_for_it(followed: Ledger) -> None:
    """The second comes while the first has not been told yet where the feed stands."""
    stream, run, gate = Stream(), flow_run(), threading.Event()
    followed.append(stream.batch(run)).result()
    followed._feeding.submit(lambda db: gate.wait())  # a ledger that takes its time to answer
    feeds = [followed.feed.events(None, kinds=BOTH) for _ in range(2)]
    beginning = [asyncio.create_task(begin(chunks)) for chunks in feeds]
    await asyncio.wrap_future(followed.append(stream.batch(task_run(run))))
    assert [task.done() for task in beginning] == [False, False]
    gate.set()
    assert await asyncio.gather(*beginning) == [2, 2]
    for chunks in feeds:
        await chunks.aclose()


async def test_queries_that_take_their_time_do_not_hold_up_the_feed(followed: Ledger) -> None:
    stream, run, gate = Stream(), flow_run(), threading.Event()
    slow = [followed.read(lambda db: gate.wait(30)) for _ in range(20)]
    events = followed.feed.events(None, kinds=BOTH)
    try:
        await begin(events)
        await asyncio.wrap_future(followed.append(stream.batch(run)))
        assert len(await take(events, 1)) == 1
        assert not any(future.done() for future in slow)
    finally:
        gate.set()


async def test_a_subscriber_that_nothing_happens_to_hears_how_far_the_feed_has_come(
    followed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "QUIET", 100)
    stream, run = Stream(), flow_run()
    followed.append(stream.batch(run)).result()
    logs = followed.feed.logs(None, min_level=40)
    assert await begin(logs) == 0
    for part in (60, 60):
        lines = [log_line(run, "low", 10) for _ in range(part)]
        await asyncio.wrap_future(followed.append(stream.batch(*lines)))
    async with asyncio.timeout(60):
        assert await anext(logs) == FeedChunk([], 120)
    await asyncio.wrap_future(followed.append(stream.batch(log_line(run, "high", 40))))
    assert [row.message for row in await take(logs, 1)] == ["high"]


async def test_a_ledger_that_cannot_be_read_for_a_while_is_followed_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feed, "RETRY", 0.001)
    folder, away = tmp_path / "home", tmp_path / "away"
    folder.mkdir()
    ledger, stream, run = Ledger.open(folder / "ledger.db"), Stream(), flow_run()
    ledger.append(stream.batch(run)).result()
    folder.rename(away)
    await ledger.feed.start()
    async with asyncio.timeout(60):
        while not caplog.records:  # noqa: ASYNC110  # a log record signals nobody
            await asyncio.sleep(0)
    away.rename(folder)
    events = ledger.feed.events(None, kinds=BOTH)
    await begin(events)
    await asyncio.wrap_future(ledger.append(stream.batch(task_run(run))))
    assert len(await take(events, 1)) == 1
    await ledger.feed.stop()
    ledger.close()


async def test_another_process_commits_are_seen(followed: Ledger, place: Place) -> None:
    """Another connection to the ledger stands for another process: nothing of ours is shared."""
    other, run = Ledger.open(place), flow_run()
    events = followed.feed.events(None, kinds=BOTH)
    await begin(events)
    other.append(Stream().batch(run)).result()
    assert [row.subject_id for row in await take(events, 1)] == [run.id]
    other.close()


async def test_events_of_users_are_passed_over(followed: Ledger) -> None:
    """A page's cursor may stand at such an event: a subscriber goes on from there, too."""
    stream, run = Stream(), flow_run()
    states = followed.feed.events(None, kinds=BOTH)
    assert await begin(states) == 0
    await asyncio.wrap_future(followed.append(stream.batch(run, custom_event(run))))
    newest = followed.read(latest_event).result()
    assert newest == 2
    later = followed.feed.events(newest, kinds=BOTH)
    assert await begin(later) == newest
    await asyncio.wrap_future(followed.append(stream.batch(custom_event(run), task_run(run))))
    assert [row.seq for row in await take(later, 1)] == [4]
    assert [row.seq for row in await take(states, 2)] == [1, 4]


async def test_a_cursor_of_another_ledger_is_refused(followed: Ledger) -> None:
    with pytest.raises(InvalidCursor, match="nothing at 999"):
        await anext(followed.feed.events(999, kinds=BOTH))
    assert followed.feed.subscribers == 0


async def test_one_who_falls_behind_what_is_kept_is_told_so(
    followed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are deleted while it is subscribed, but far behind: it must not pass them by."""
    monkeypatch.setattr(tail, "KEEP_BYTES", 20_000)
    stream, run = Stream(), flow_run()
    await asyncio.wrap_future(followed.append(stream.batch(run)))
    logs = followed.feed.logs(None)
    assert await begin(logs) == 0
    lines = [log_line(run, str(number)) for number in range(1_000)]
    await asyncio.wrap_future(followed.append(stream.batch(*lines)))

    seen = len((await anext(logs)).rows)
    await followed.awrite(delete_old, Log, 900)

    async def read_on() -> None:
        nonlocal seen
        async for chunk in logs:
            seen += len(chunk.rows)

    with pytest.raises(CursorExpired) as expired:
        await read_on()
    assert seen < 900
    assert expired.value.oldest == 900
    assert followed.feed.subscribers == 0


async def test_one_who_follows_a_run_among_many_sees_all_of_it(
    followed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, and while, the oldest rows are dropped from memory."""
    monkeypatch.setattr(tail, "KEEP_BYTES", 60_000)
    monkeypatch.setattr(tail, "CHUNK", 7)
    stream, runs = Stream(), [flow_run() for _ in range(5)]
    wanted = frozenset({runs[1].id, runs[3].id})
    feeds = [followed.feed.events(None, kinds=BOTH, flow_run_ids=ids) for ids in (wanted, None)]
    for events in feeds:
        await begin(events)
    await asyncio.wrap_future(followed.append(stream.batch(*runs)))
    for _ in range(20):
        records = [task_run(run) for run in runs for _ in range(4)]
        await asyncio.wrap_future(followed.append(stream.batch(*records)))
    everything = await take(feeds[1], 405)
    mine = [row for row in everything if row.flow_run_id in wanted]
    assert len(mine) == 162
    assert await take(feeds[0], len(mine)) == mine


async def test_what_is_made_of_rows_goes_with_them(
    followed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "KEEP_BYTES", 60_000)
    stream, logs = Stream(), followed.feed.logs(None)
    await begin(logs)
    rows: list[LogRow] = []
    for _ in range(20):
        lines = [log_line(None, str(number)) for number in range(20)]
        await asyncio.wrap_future(followed.append(stream.batch(*lines)))
        rows += (await anext(logs)).rows
        made = [followed.feed.made_of(row, "list", list[int]) for row in rows]
        again = [followed.feed.made_of(row, "list", list[int]) for row in rows]
        same = [one is other for one, other in zip(made, again, strict=True)]
        assert same == sorted(same)  # the newest
        assert same[-1]
        assert len(followed.feed._logs._made) == sum(same) <= 60_000 / tail.ROW_BYTES
    assert not same[0]
    await logs.aclose()
    assert followed.feed._logs._made == {}


async def test_who_asks_the_same_at_once_is_answered_together(followed: Ledger) -> None:
    asked = []

    def query(db: peewee.Database, rows: Sequence[Any]) -> int:
        asked.append(rows)
        if not rows:
            raise ValueError("no rows")
        return len(asked)

    events = followed.feed.events(None, kinds=BOTH)
    await begin(events)
    await asyncio.wrap_future(followed.append(Stream().batch(flow_run(), flow_run())))
    one, other = await take(events, 2)
    together = followed.feed.together
    leaves, *stay = [asyncio.create_task(together(query, [one, other])) for _ in range(3)]
    await asyncio.sleep(0)  # all of them have asked
    leaves.cancel()
    assert await asyncio.gather(*stay) == [1, 1]
    each = await asyncio.gather(together(query, [one]), together(query, [other]))
    assert list(each) == [2, 3]
    refused = await asyncio.gather(*(together(query, []) for _ in range(2)), return_exceptions=True)
    assert [str(error) for error in refused] == ["no rows", "no rows"]
    assert asked == [(one, other), (one,), (other,), ()]
    assert followed.feed._asked == {}


async def test_what_ends_by_itself_is_noticed(followed: Ledger) -> None:
    """Nobody commits anything when a worker's lease is over."""
    worker = WorkerCall(uuids.uuid7(), "w", None, "here", 7, lease_seconds=0.3)
    await followed.awrite(keep_worker, worker)
    async with asyncio.timeout(60), aclosing(followed.feed.changes(workers_now, None)) as changes:
        (online,) = (await anext(changes)).changed
        (silent,) = (await anext(changes)).changed
    assert silent == online
    assert silent.lease_until < now_micros()
    assert followed.feed.subscribers == 0


async def test_stopping_ends_every_subscription(followed: Ledger) -> None:
    feeds = [followed.feed.events(None, kinds=BOTH) for _ in range(5)]
    for chunks in feeds:
        await begin(chunks)
    waiting = [asyncio.create_task(take(chunks, 1)) for chunks in feeds]
    await followed.feed.stop()
    assert await asyncio.gather(*waiting) == [[]] * 5
    assert followed.feed.subscribers == 0
