"""The newest rows of one table, kept in memory for all who follow it.

A subscriber is nothing but a cursor: it takes from memory what comes after it, or from the table
when it has fallen further behind, so that a slow one costs no memory and misses nothing. What is
kept, and what is read at a time, is bounded in bytes: rows may be of any size.
"""

from __future__ import annotations

import asyncio
import bisect
import sys
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Generator,
    Hashable,
    Iterable,
    Iterator,
)
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.errors import CursorExpired, InvalidCursor
from headrace_service.ledger.models import CUSTOM, Event, Log
from headrace_service.ledger.queries.custom_events import CustomEventRow
from headrace_service.ledger.queries.events import latest_event, latest_log
from headrace_service.ledger.queries.logs import LogRow
from headrace_service.ledger.queries.retained import newest_deleted_event, newest_deleted_log
from headrace_service.ledger.rows import CustomPayload, StatePayload

if TYPE_CHECKING:
    from headrace_service.ledger import Ledger

#: Rows in one chunk at most, and about how many bytes.
CHUNK, CHUNK_BYTES = 500, 1024 * 1024
#: Rows that a tail reads at a time at most, and about how many bytes.
PULL, PULL_BYTES = 5_000, 4 * 1024 * 1024
#: About how many bytes of rows a tail keeps; a third of them is dropped when it is full.
KEEP_BYTES = 16 * 1024 * 1024
#: So many rows may pass a subscriber by before it is told how far the feed has come.
QUIET = 5_000
#: Bytes of a row without its message, about; and of a JSON object for each byte of its text.
ROW_BYTES, DECODED = 500, 4


class Row(Protocol):
    """What has a place in the tail."""

    @property
    def seq(self) -> int:
        """Its place."""

    @property
    def flow_run_id(self) -> UUID | None:
        """The flow run that it belongs to."""


class EventRow(msgspec.Struct, frozen=True):
    """A state was entered. `kind` ("flow_run", "task_run") tells what `subject_id` names.

    Of the kinds `EDITED` and `DELETED` it tells what else became of a flow run.
    """

    seq: int
    at: int
    kind: str
    flow_run_id: UUID | None
    subject_id: UUID
    payload: StatePayload


#: What the event log consists of: states that were entered, and what users' programs told of.
LedgerEvent = EventRow | CustomEventRow

R = TypeVar("R", bound=Row)
T = TypeVar("T")


class FeedChunk(msgspec.Struct, Generic[R], frozen=True):
    """Some rows, in order, and the cursor up to which everything has now been seen."""

    rows: list[R]
    cursor: int


#: Whether a subscriber wants a row.
Wanted = Callable[[R], bool]
#: Which of some rows a subscriber wants, where that takes a look at the ledger.
Narrow = Callable[[list[R]], Awaitable[list[R]]]


class Source(msgspec.Struct, Generic[R], frozen=True):
    """The table that a tail belongs to."""

    #: The place of the newest row, 0 when there is none.
    newest: Callable[[peewee.Database], int]
    #: The place up to which rows may have been deleted.
    deleted: Callable[[peewee.Database], int]
    #: The rows after a place, in order, so many at most.
    select: Callable[[peewee.Database, int, int], Generator[R]]
    #: About how many bytes of memory a row takes.
    weigh: Callable[[R], int]

    def read(self, db: peewee.Database, after: int, limit: int, most: int) -> tuple[list[R], int]:
        """The rows after a place, in order: `limit` of them, or what makes about `most` bytes.

        With them comes the place up to which there are no others. It may be past the last of them:
        behind it may be places that were deleted, or that no subscriber hears of.
        """
        newest = self.newest(db)
        taken: list[R] = []
        size = 0
        with closing(self.select(db, after, limit)) as rows:
            for row in rows:
                taken.append(row)
                size += self.weigh(row)
                if size >= most or len(taken) == limit:
                    return taken, row.seq
        return taken, max(after, newest)

    def read_kept(
        self, db: peewee.Database, after: int, limit: int, most: int
    ) -> tuple[list[R], int]:
        """`read`, for one who must miss nothing.

        Raises:
            CursorExpired: some of what came after that place has been deleted.
        """
        deleted = self.deleted(db)
        if after < deleted:
            raise CursorExpired(after, deleted)
        return self.read(db, after, limit, most)


_decode_state = msgspec.json.Decoder(StatePayload).decode
_decode_custom = msgspec.json.Decoder(CustomPayload).decode


def _select_events(db: peewee.Database, after: int, limit: int) -> Generator[LedgerEvent]:
    query = (
        Event.select(
            Event.seq, Event.at, Event.kind, Event.flow_run_id, Event.subject_id, Event.payload
        )
        .where(Event.seq > after)
        .order_by(Event.seq)
        .limit(limit)
    )
    with closing(_rows(db, query)) as rows:
        for seq, at, kind, owner, subject, text in rows:
            if kind == CUSTOM:
                yield CustomEventRow(seq, at, owner, subject, _decode_custom(text))
            else:
                yield EventRow(seq, at, kind, owner, subject, _decode_state(text))


def _select_logs(db: peewee.Database, after: int, limit: int) -> Generator[LogRow]:
    columns = [getattr(Log, name) for name in LogRow.__struct_fields__]
    query = Log.select(*columns).where(Log.seq > after).order_by(Log.seq).limit(limit)
    with closing(_rows(db, query)) as rows:
        for row in rows:
            yield LogRow(*row)


def _rows(db: peewee.Database, query: Any) -> Generator[tuple[Any, ...]]:
    """The rows of a select, one by one, and no more of them than are asked for."""
    found = query.tuples().execute(db)
    try:
        yield from found.iterator()
    finally:
        found.cursor.close()


def _weigh_event(row: LedgerEvent) -> int:
    if isinstance(row, CustomEventRow):
        return ROW_BYTES + DECODED * len(msgspec.json.encode(row.payload))
    message = row.payload.message
    return ROW_BYTES if message is None else ROW_BYTES + sys.getsizeof(message)


def _weigh_log(row: LogRow) -> int:
    return ROW_BYTES + sys.getsizeof(row.message)


EVENTS = Source(latest_event, newest_deleted_event, _select_events, _weigh_event)
LOGS = Source(latest_log, newest_deleted_log, _select_logs, _weigh_log)


class Tail(Generic[R]):
    """The newest rows of one table, and the subscribers that wait for more."""

    def __init__(self, ledger: Ledger, source: Source[R]) -> None:
        self._ledger = ledger
        self._source = source
        self._rows: list[R] = []
        self._sizes: list[int] = []  #: the bytes of all rows up to each of them
        self._dropped = 0  #: the bytes of the rows that are no longer kept
        self._kept_after = 0  #: every row after this place is in `_rows`
        self._seen = 0  #: the newest place that was read
        self._by_run: dict[UUID | None, list[R]] = {}  #: the rows of each flow run
        #: What rings for those who wait: by the flow runs that they follow; under None for all.
        self._bells: dict[UUID | None, set[asyncio.Event]] = {}
        self._made: dict[int, dict[Hashable, Any]] = {}  #: what was made of rows, by their places
        self._rung = 0  #: the place at which all were rung for last
        self._pulling = asyncio.Lock()
        self.subscribers = 0

    @property
    def kept_bytes(self) -> int:
        """About how many bytes of memory the rows take."""
        return self._sizes[-1] - self._dropped if self._sizes else 0

    async def enter(self) -> None:
        """Count a subscriber; the first one finds the tail at the newest row."""
        async with self._pulling:
            if self.subscribers == 0:  # nobody had it followed: it has fallen behind
                newest = await self._ledger.aread_for_feed(self._source.newest)
                self._seen = self._kept_after = newest
            self.subscribers += 1

    def leave(self) -> None:
        """Count a subscriber off; after the last one, nothing is kept."""
        self.subscribers -= 1
        if self.subscribers == 0:
            self._rows, self._sizes, self._dropped = [], [], 0
            self._by_run, self._made = {}, {}

    async def pull(self) -> bool:
        """Read what is new and wake those subscribers whom it concerns; whether there was any."""
        read, found = self._source.read, False
        async with self._pulling:
            while self.subscribers:
                rows, reached = await self._ledger.aread_for_feed(
                    read, self._seen, PULL, PULL_BYTES
                )
                if not self.subscribers:  # the last one has left meanwhile
                    break
                self._seen = reached
                if not rows:
                    break
                found = True
                self._keep(rows)
                if reached - self._rung >= QUIET:
                    self.wake()
                else:
                    self._ring({None, *(row.flow_run_id for row in rows)})
        return found

    def _keep(self, rows: list[R]) -> None:
        size = self._sizes[-1] if self._sizes else self._dropped
        for row in rows:
            size += self._source.weigh(row)
            self._sizes.append(size)
            self._by_run.setdefault(row.flow_run_id, []).append(row)
        self._rows += rows
        if self.kept_bytes > KEEP_BYTES:
            count = bisect.bisect_left(self._sizes, size - KEEP_BYTES * 2 // 3) + 1
            self._dropped = self._sizes[count - 1]
            self._kept_after = self._rows[count - 1].seq
            for row in self._rows[:count]:
                self._made.pop(row.seq, None)
            for run, number in Counter(row.flow_run_id for row in self._rows[:count]).items():
                del self._by_run[run][:number]
                if not self._by_run[run]:
                    del self._by_run[run]
            del self._rows[:count], self._sizes[:count]

    def made_of(self, row: R, kind: Hashable, make: Callable[[], T]) -> T:
        """See `Feed.made_of`."""
        if not self._rows or not self._kept_after < row.seq <= self._rows[-1].seq:
            return make()  # one that has fallen behind has read it from the table
        made = self._made.setdefault(row.seq, {})
        if kind not in made:
            made[kind] = make()
        found: T = made[kind]
        return found

    def wake(self) -> None:
        """Let all who wait look again."""
        self._rung = self._seen
        self._ring(set(self._bells))

    def _ring(self, runs: set[UUID | None]) -> None:
        for run in runs & self._bells.keys():
            for bell in self._bells[run]:
                bell.set()

    @contextmanager
    def _bell(self, runs: frozenset[UUID] | None) -> Iterator[asyncio.Event]:
        """What rings when there is something new of these flow runs; None for all rows."""
        bell = asyncio.Event()
        keys: Iterable[UUID | None] = (None,) if runs is None else runs
        for run in keys:
            self._bells.setdefault(run, set()).add(bell)
        try:
            yield bell
        finally:
            for run in keys:
                self._bells[run].discard(bell)
                if not self._bells[run]:
                    del self._bells[run]

    async def follow(
        self,
        after: int | None,
        runs: frozenset[UUID] | None,
        wanted: Wanted[R],
        narrow: Narrow[R] | None,
        stopped: asyncio.Event,
    ) -> AsyncGenerator[FeedChunk[R]]:
        """The rows of these flow runs (None: all) after a place that are wanted, for ever.

        The first chunk comes at once, and later ones when `QUIET` rows have passed by: whatever is
        in them, they tell a subscriber to whom nothing happens where to go on from.
        """
        if after is None:
            after = self._seen
        elif after > self._seen:
            await self.pull()
            if after > self._seen:
                raise InvalidCursor(f"the ledger has nothing at {after} yet; read it anew")
        told: int | None = None
        with self._bell(runs) as bell:
            while not stopped.is_set():
                bell.clear()
                rows, after = await self._next(after, runs)
                chosen = [row for row in rows if wanted(row)]
                if chosen and narrow is not None:
                    chosen = await narrow(chosen)
                if chosen or told is None or after - told >= QUIET:
                    yield FeedChunk(chosen, after)
                    told = after
                    if after < self._seen:
                        await asyncio.sleep(0)  # one who catches up leaves room for others
                if after >= self._seen:
                    await bell.wait()

    async def _next(self, after: int, runs: frozenset[UUID] | None) -> tuple[list[R], int]:
        """The next rows after a place, and the place up to which they reach.

        From memory they come of these flow runs alone; from the table, of others as well.
        """
        kept_after = self._kept_after
        if after < kept_after:
            read = self._source.read_kept
            rows, reached = await self._ledger.aread_for_feed(read, after, CHUNK, CHUNK_BYTES)
            # Where the table has nothing after that place, runs were deleted up to what was in
            # memory.
            return rows, reached if rows else max(reached, kept_after)
        if runs is not None:
            return self._next_of(after, runs)
        start = bisect.bisect_right(self._rows, after, key=lambda row: row.seq)
        before = self._sizes[start - 1] if start else self._dropped
        end = bisect.bisect_left(self._sizes, before + CHUNK_BYTES, start) + 1
        rows = self._rows[start : min(end, start + CHUNK)]
        if start + len(rows) == len(self._rows):
            return rows, max(after, self._seen)
        return rows, rows[-1].seq

    def _next_of(self, after: int, runs: frozenset[UUID]) -> tuple[list[R], int]:
        """`_next` of flow runs, from memory."""
        found: list[R] = []
        for run in runs:
            kept = self._by_run.get(run, [])
            found += kept[bisect.bisect_right(kept, after, key=lambda row: row.seq) :]
        found.sort(key=lambda row: row.seq)
        size = 0
        for count, row in enumerate(found, 1):
            size += self._source.weigh(row)
            if count < len(found) and (count == CHUNK or size >= CHUNK_BYTES):
                return found[:count], row.seq
        return found, max(after, self._seen)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, so many seconds at most."""
    # Not `asyncio.wait_for`: up to Python 3.11 it may swallow a cancellation.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
