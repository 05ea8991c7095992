"""The live tail of the event log and of the log lines.

A tailer wakes at once on this process's own commits. Whether others have committed is looked at
every 25 ms, and only while somebody subscribes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import peewee

from headrace_service.ledger.database.backend import Watch
from headrace_service.ledger.glances import Changes, Glances, Seen
from headrace_service.ledger.queries.logs import LogRow
from headrace_service.ledger.tail import (
    EVENTS,
    LOGS,
    EventRow,
    FeedChunk,
    LedgerEvent,
    Narrow,
    Row,
    Tail,
    Wanted,
    wait_for,
)

if TYPE_CHECKING:
    from headrace_service.ledger import Ledger

logger = logging.getLogger("headrace_service.feed")

#: Seconds between two looks for other processes' commits.
POLL = 0.025
#: Seconds that the feed rests after it has brought something, so that what happens quickly comes
#: in lists: in the same ones to all who have kept up.
REST = 0.04
#: Seconds until the ledger is tried again when it could not be read.
RETRY = 1.0

R = TypeVar("R", bound=Row)
T = TypeVar("T")


class Feed:
    """The tails of a ledger. Belongs to the event loop in which it is started."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._events: Tail[LedgerEvent] = Tail(ledger, EVENTS)
        self._logs = Tail(ledger, LOGS)
        self._committed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._glances = Glances(ledger, self._stopped, self._committed.set)
        self._tasks: list[asyncio.Task[None]] = []
        self._undo: Callable[[], None] = lambda: None
        self._behind_since: float | None = None
        self._asked: dict[Hashable, asyncio.Future[Any]] = {}  #: see `together`

    async def start(self) -> None:
        """Begin to follow the ledger."""
        loop = asyncio.get_running_loop()

        def committed() -> None:
            if self.subscribers:  # else it would wake the loop for nothing, at a price
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
        self._glances.wake()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def subscribers(self) -> int:
        """How many subscriptions are open."""
        return self._events.subscribers + self._logs.subscribers + self._glances.subscribers

    @property
    def kept_bytes(self) -> int:
        """About how many bytes of rows are kept in memory."""
        return self._events.kept_bytes + self._logs.kept_bytes

    def lag(self) -> float:
        """For how many seconds there has been something that the feed has not read yet."""
        since = self._behind_since
        return 0.0 if since is None else time.monotonic() - since

    def made_of(self, row: LedgerEvent | LogRow, kind: Hashable, make: Callable[[], T]) -> T:
        """What is made of a row, once for all who get it while it is kept in memory.

        Args:
            row: the row.
            kind: what is made of it.
            make: makes it; it is as good for everybody.
        """
        if isinstance(row, LogRow):
            return self._logs.made_of(row, kind, make)
        return self._events.made_of(row, kind, make)

    async def together(
        self, query: Callable[[peewee.Database, tuple[R, ...]], T], rows: Sequence[R]
    ) -> T:
        """The answer to a quick query about rows, asked once for all who ask it at the same time.

        Args:
            query: takes the database and the rows; its answer is as good for everybody.
            rows: rows of the feed.
        """
        key = query, tuple(row.seq for row in rows)
        asking = self._asked.get(key)
        if asking is None:
            reading = self._ledger.aread_for_feed(query, tuple(rows))
            asking = self._asked[key] = asyncio.ensure_future(reading)
            asking.add_done_callback(lambda _: self._asked.pop(key))
        # Whoever leaves does not end it for the others.
        return cast("T", await asyncio.shield(asking))

    def events(
        self,
        after: int | None,
        *,
        kinds: frozenset[str],
        flow_run_ids: frozenset[UUID] | None = None,
        narrow: Narrow[EventRow] | None = None,
    ) -> AsyncGenerator[FeedChunk[EventRow]]:
        """The states that runs have entered after a place, for ever: no gap and no duplicate.

        The first chunk comes at once; it may be empty, and so may a later one when many events
        have passed by of which none was wanted.

        Args:
            after: a chunk's cursor, or the place a snapshot was taken at; None is now.
            kinds: which events: "flow_run" and "task_run" (states), `EDITED`, `DELETED`.
            flow_run_ids: only these flow runs' events and their task runs'; None for all.
            narrow: takes what is wanted from a list of what all the rest lets pass.

        Raises:
            InvalidCursor: the ledger has not got that far.
            CursorExpired: some of them have been deleted.
        """

        def wanted(row: LedgerEvent) -> bool:
            return (
                isinstance(row, EventRow)
                and row.kind in kinds
                and (flow_run_ids is None or row.flow_run_id in flow_run_ids)
            )

        # What is wanted are states alone, whatever else the log has.
        states = cast("Tail[EventRow]", self._events)
        return self._follow(states, after, flow_run_ids, cast("Wanted[EventRow]", wanted), narrow)

    def ledger_events(
        self,
        after: int | None,
        wanted: Wanted[LedgerEvent],
        *,
        flow_run_ids: frozenset[UUID] | None = None,
    ) -> AsyncGenerator[FeedChunk[LedgerEvent]]:
        """The events of every kind after a place; see `events`."""
        return self._follow(self._events, after, flow_run_ids, wanted, None)

    def logs(
        self,
        after: int | None,
        *,
        flow_run_ids: frozenset[UUID] | None = None,
        task_run_id: UUID | None = None,
        min_level: int = 0,
        narrow: Narrow[LogRow] | None = None,
    ) -> AsyncGenerator[FeedChunk[LogRow]]:
        """The log lines after a place, for ever; the arguments are like those of `events`."""

        def wanted(row: LogRow) -> bool:
            return (
                row.level >= min_level
                and (flow_run_ids is None or row.flow_run_id in flow_run_ids)
                and (task_run_id is None or row.task_run_id == task_run_id)
            )

        return self._follow(self._logs, after, flow_run_ids, wanted, narrow)

    def changes(self, look: Callable[..., Seen[T]], *args: Hashable) -> AsyncGenerator[Changes[T]]:
        """What a look at the ledger shows, and from then on what has changed in it, for ever.

        The first answer comes at once, with all that is there. What changed several times between
        two looks is told once, as it is.

        Args:
            look: a query; all who look with the same one and the same arguments share it. It takes
                the database, what it found the last time, and the arguments.
            args: the arguments.
        """
        return self._glances.changes(look, *args)

    async def _follow(
        self,
        tail: Tail[R],
        after: int | None,
        runs: frozenset[UUID] | None,
        wanted: Wanted[R],
        narrow: Narrow[R] | None,
    ) -> AsyncGenerator[FeedChunk[R]]:
        await tail.enter()
        self._committed.set()
        try:
            async with aclosing(tail.follow(after, runs, wanted, narrow, self._stopped)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            tail.leave()

    async def _tail(self) -> None:
        """Follow the ledger until the feed is stopped, whatever goes wrong meanwhile."""
        while not self._stopped.is_set():
            try:
                with self._ledger.watch() as others:
                    await self._pull_each(others)
            except Exception:
                # Subscribers wait with their cursors; they lose nothing but time.
                logger.exception("the feed could not read the ledger; it goes on trying")
                await wait_for(self._stopped, RETRY)
                self._committed.set()

    async def _pull_each(self, others: Watch) -> None:
        """Pull whenever somebody has committed, here or in another process."""
        while not self._stopped.is_set():
            if self.subscribers:
                await wait_for(self._committed, POLL)
            else:
                await self._committed.wait()
            own = self._committed.is_set()
            self._committed.clear()
            if others.changed() or own:
                self._behind_since = time.monotonic()
                found = [await tail.pull() for tail in (self._events, self._logs)]
                self._glances.wake()
                if any(found):
                    await wait_for(self._stopped, REST)
                self._behind_since = None
