"""The live tail of the event log and of the log lines.

One tailer for each of the two tables reads what is new and keeps the newest rows in memory. A
subscriber is nothing but a cursor: it takes from memory what comes after it, or from the table
when it has fallen further behind, so that a slow one costs no memory and misses nothing.

A tailer wakes at once on this process's own commits. Other processes' commits show in
`PRAGMA data_version`, which is looked at every 25 ms, and only while somebody subscribes.
"""

from __future__ import annotations

import asyncio
import bisect
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.errors import InvalidCursor
from headrace_service.ledger.models import Event, Log
from headrace_service.ledger.rows import StatePayload

if TYPE_CHECKING:
    from headrace_service.ledger import Ledger

logger = logging.getLogger("headrace_service.feed")

#: Seconds between two looks for other processes' commits.
POLL = 0.025
#: Seconds that a subscriber rests after a chunk, so that what happens quickly comes in lists.
REST = 0.04
#: Rows in one chunk at most.
CHUNK = 500
#: Rows that a tailer keeps in memory at most; a third of them is dropped when it is full.
KEEP = 30_000


class Row(Protocol):
    """What has a place in the tail."""

    @property
    def seq(self) -> int:
        """Its place."""


class EventRow(msgspec.Struct, frozen=True):
    """A state was entered. `kind` ("flow_run", "task_run") tells what `subject_id` names."""

    seq: int
    at: int
    kind: str
    flow_run_id: UUID | None
    subject_id: UUID
    payload: StatePayload


class LogRow(msgspec.Struct, frozen=True):
    """A log line."""

    seq: int
    at: int
    level: int
    flow_run_id: UUID | None
    task_run_id: UUID | None
    logger: str
    message: str


R = TypeVar("R", bound=Row)


class FeedChunk(msgspec.Struct, Generic[R], frozen=True):
    """Some rows, in order, and the cursor up to which everything has now been seen."""

    rows: list[R]
    cursor: int


Select = Callable[[peewee.SqliteDatabase, int, int], list[R]]

_decode_payload = msgspec.json.Decoder(StatePayload).decode


def select_events(db: peewee.SqliteDatabase, after: int, limit: int) -> list[EventRow]:
    """The events after a place, in order."""
    query = (
        Event.select(
            Event.seq, Event.at, Event.kind, Event.flow_run_id, Event.subject_id, Event.payload
        )
        .where(Event.seq > after)
        .order_by(Event.seq)
        .limit(limit)
    )
    rows = query.tuples().execute(db)
    return [
        EventRow(seq, at, kind, owner, subject, _decode_payload(text))
        for seq, at, kind, owner, subject, text in rows
    ]


def select_logs(db: peewee.SqliteDatabase, after: int, limit: int) -> list[LogRow]:
    """The log lines after a place, in order."""
    query = (
        Log.select(
            Log.seq, Log.at, Log.level, Log.flow_run_id, Log.task_run_id, Log.logger, Log.message
        )
        .where(Log.seq > after)
        .order_by(Log.seq)
        .limit(limit)
    )
    return [LogRow(*row) for row in query.tuples().execute(db)]


def newest(db: peewee.SqliteDatabase, model: type[Event] | type[Log]) -> int:
    """The place of the newest row, 0 when there is none."""
    ((seq,),) = model.select(peewee.fn.MAX(model.seq)).tuples().execute(db)
    return seq or 0


class Tail(Generic[R]):
    """The newest rows of one table, and the subscribers that wait for more."""

    def __init__(self, ledger: Ledger, model: type[Event] | type[Log], select: Select[R]) -> None:
        self._ledger = ledger
        self._model = model
        self._select = select
        self._rows: list[R] = []
        self._kept_after = 0  #: every row after this place is in `_rows`
        self._seen = 0  #: the newest place that was read
        self._changed = asyncio.Event()
        self._pulling = asyncio.Lock()
        self.subscribers = 0

    async def rewind(self) -> None:
        """Begin anew at the newest row; what came meanwhile is in the table."""
        self._rows.clear()
        self._seen = self._kept_after = await self._ledger.aread(newest, self._model)

    async def pull(self) -> None:
        """Read what is new and wake the subscribers."""
        async with self._pulling:
            while rows := await self._ledger.aread(self._select, self._seen, 10 * CHUNK):
                self._rows += rows
                self._seen = rows[-1].seq
                if len(self._rows) > KEEP:
                    del self._rows[: KEEP // 3]
                    self._kept_after = self._rows[0].seq - 1
                self.wake()

    def wake(self) -> None:
        """Let all who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(
        self, after: int | None, wanted: Callable[[R], bool], stopped: asyncio.Event
    ) -> AsyncGenerator[FeedChunk[R]]:
        """The rows after a place for which `wanted` is true, for ever, in chunks."""
        if after is None:
            after = self._seen
        elif after > self._seen:
            await self.pull()
            if after > self._seen:
                raise InvalidCursor(f"the ledger has nothing at {after} yet; read it anew")
        while not stopped.is_set():
            changed = self._changed
            rows, after = await self._next(after)
            chosen = [row for row in rows if wanted(row)]
            if chosen:
                yield FeedChunk(chosen, after)
                if len(rows) < CHUNK:
                    await _wait(stopped, REST)
            elif after >= self._seen:
                await changed.wait()

    async def _next(self, after: int) -> tuple[list[R], int]:
        """The next rows after a place, and the place up to which they reach."""
        if after < self._kept_after:
            # Where the table has nothing after that place, deletion has made room up to what is
            # in memory.
            rows = await self._ledger.aread(self._select, after, CHUNK)
            after = after if rows else self._kept_after
        else:
            start = bisect.bisect_right(self._rows, after, key=lambda row: row.seq)
            rows = self._rows[start : start + CHUNK]
        return rows, rows[-1].seq if rows else after


async def _wait(event: asyncio.Event, seconds: float) -> None:
    # Not `wait_for`: up to Python 3.11 it may swallow a cancellation.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Feed:
    """The tails of a ledger. Belongs to the event loop in which it is started."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._events = Tail(ledger, Event, select_events)
        self._logs = Tail(ledger, Log, select_logs)
        self._committed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._undo: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begin to follow the ledger."""
        loop = asyncio.get_running_loop()

        def committed() -> None:
            loop.call_soon_threadsafe(self._committed.set)

        self._undo = self._ledger.on_commit(committed)
        self._tasks = [asyncio.create_task(self._tail())]

    async def stop(self) -> None:
        """End every subscription and stop following."""
        self._undo()
        self._undo = lambda: None
        self._stopped.set()
        for tail in (self._events, self._logs):
            tail.wake()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def subscribers(self) -> int:
        """How many subscriptions are open."""
        return self._events.subscribers + self._logs.subscribers

    def events(
        self,
        after: int | None,
        *,
        kinds: frozenset[str],
        flow_run_ids: frozenset[UUID] | None = None,
    ) -> AsyncGenerator[FeedChunk[EventRow]]:
        """The events after a place, for ever: no gap and no duplicate.

        Args:
            after: a chunk's cursor, or the place a snapshot was taken at; None is now.
            kinds: which subjects' events: "flow_run", "task_run".
            flow_run_ids: only these flow runs' events and their task runs'; None for all.

        Raises:
            InvalidCursor: the ledger has not got that far.
        """

        def wanted(row: EventRow) -> bool:
            return row.kind in kinds and (flow_run_ids is None or row.flow_run_id in flow_run_ids)

        return self._follow(self._events, after, wanted)

    def logs(
        self,
        after: int | None,
        *,
        flow_run_ids: frozenset[UUID] | None = None,
        task_run_id: UUID | None = None,
        min_level: int = 0,
    ) -> AsyncGenerator[FeedChunk[LogRow]]:
        """The log lines after a place, for ever; the arguments are like those of `events`."""

        def wanted(row: LogRow) -> bool:
            return (
                row.level >= min_level
                and (flow_run_ids is None or row.flow_run_id in flow_run_ids)
                and (task_run_id is None or row.task_run_id == task_run_id)
            )

        return self._follow(self._logs, after, wanted)

    async def _follow(
        self, tail: Tail[R], after: int | None, wanted: Callable[[R], bool]
    ) -> AsyncGenerator[FeedChunk[R]]:
        if tail.subscribers == 0:  # nobody had it followed: what is in memory may be old
            await tail.rewind()
        tail.subscribers += 1
        self._committed.set()
        try:
            async with aclosing(tail.follow(after, wanted, self._stopped)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            tail.subscribers -= 1

    async def _tail(self) -> None:
        """Pull whenever somebody has committed, here or in another process."""
        with _VersionProbe(self._ledger) as probe:
            while not self._stopped.is_set():
                if self.subscribers:
                    await _wait(self._committed, POLL)
                else:
                    await self._committed.wait()
                own = self._committed.is_set()
                self._committed.clear()
                if probe.changed() or own:
                    await self._pull()

    async def _pull(self) -> None:
        try:
            for tail in (self._events, self._logs):
                if tail.subscribers:
                    await tail.pull()
        except Exception:
            # Subscribers wait with their cursors; they lose nothing but time.
            logger.exception("the feed could not read the ledger; it goes on trying")
            await asyncio.sleep(1)
            self._committed.set()


class _VersionProbe:
    """Tells whether another connection has committed since the last look.

    A look reads one page header, some 10 µs, so that it needs no thread.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._path = ledger.path
        self._version = -1

    def __enter__(self) -> _VersionProbe:
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection.execute("PRAGMA query_only = 1")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def changed(self) -> bool:
        try:
            ((version,),) = self._connection.execute("PRAGMA data_version")
        except sqlite3.OperationalError:  # locked for a moment: look at the tables to be sure
            return True
        if version == self._version:
            return False
        self._version = version
        return True
