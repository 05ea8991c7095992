"""What a view follows: it loads what there is, then takes in what comes, into buffers.

A feed calls no widget. It merges into dictionaries keyed by run, and says that there is news; the
view fetches the buffers when it is about to paint. A feed that was stopped goes on after its
cursors when it is started again.

Which look at a run is the last one is decided by what arrived when, never by the times in it, since
clocks step back: events come in order, and win over a page that was asked for before they came.
Should the page have been the newer one, then the event that makes up for it is on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from headrace.exceptions import ServiceError
from headrace.records import StateType
from headrace_tui.filters import Filter
from headrace_tui.gateway import Gateway, NoSuchRun
from headrace_tui.models import Attempt, LogRow, Page, Run, RunDetails, State, attempts_of

#: The most task runs of a flow run that are held.
TASK_BOUND = 20_000
#: The most log lines that wait in the buffer for a view that does not paint.
LOG_BUFFER = 200_000

_STATE_TYPES = frozenset(kind.value for kind in StateType)


class Feed:
    """The base: background tasks that are started and stopped together."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        #: Called whenever a buffer has got something.
        self.on_news: Callable[[], None] = lambda: None
        #: Called when all that was told before is void.
        self.on_reset: Callable[[], None] = lambda: None
        #: Why there is nothing to show, once that is clear.
        self.failure: str = ""
        #: How many changes were taken in, ever.
        self.received = 0
        self._tasks: set[asyncio.Task[None]] = set()
        # The runs that events told of since a page was last asked for.
        self._heard: set[str] = set()

    def start(self) -> None:
        """Begin, or go on."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Listen no more; what is known is kept."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` until it ends or the feed is stopped; an error of it is told in `failure`."""
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except NoSuchRun as error:
            self.failure = f"There is no run {error}."
            self.on_news()
        except ServiceError as error:
            # Another ledger stands behind the address now, or what came meanwhile was deleted.
            if error.code in ("InvalidCursor", "CursorExpired"):
                self.spawn(self._begin_anew())
                return
            self.failure = str(error)
            self.on_news()
        except Exception as error:  # told on the screen: nothing else would
            self.failure = f"{type(error).__name__}: {error}"
            self.on_news()

    async def _begin_anew(self) -> None:
        """Forget all and load again."""
        me = asyncio.current_task()
        others = [task for task in self._tasks if task is not me]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.forget()
        self.on_reset()
        self.start()

    def forget(self) -> None:
        """Forget cursors and buffers."""
        raise NotImplementedError


class RunsFeed(Feed):
    """The list of all flow runs: the newest at first, older ones as they are asked for."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.loaded = False
        self._changed: dict[str, Run] = {}
        self._cursor: str | None = None
        self._next: str | None = None
        self._filters: dict[str, object] | None = None
        self._paging: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Forget cursors and buffers."""
        self.loaded, self.failure = False, ""
        self._changed, self._cursor, self._next = {}, None, None

    def take(self) -> dict[str, Run]:
        """What has changed since the last time."""
        changed, self._changed = self._changed, {}
        return changed

    @property
    def has_more(self) -> bool:
        """Whether older runs can be asked for."""
        return self._next is not None

    def start(self) -> None:
        """Load the first page, then follow."""
        self.spawn(self._follow())

    def want_older(self) -> None:
        """Load a page of older runs, unless one is on its way."""
        if self._next is not None and (self._paging is None or self._paging.done()):
            self._paging = self.spawn(self._load(self._next))

    def choose(self, chosen: Filter) -> None:
        """Load runs that pass a filter, which may be far back; none stops that."""
        filters = service_filter(chosen)
        if filters == self._filters or not self.loaded:
            return
        self._filters = filters
        if self._paging is not None:
            self._paging.cancel()
        self._paging = self.spawn(self._load(None))

    async def _load(self, after: str | None) -> None:
        self._heard.clear()
        page = await self.gateway.flow_runs(after, self._filters)
        self._merge(page)
        self._next = page.next

    def _merge(self, page: Page) -> None:
        self._changed.update((run.id, run) for run in page.rows if run.id not in self._heard)
        self.loaded = True
        self.on_news()

    async def _follow(self) -> None:
        if self._cursor is None:
            page = await self.gateway.flow_runs(None, None)
            self._cursor, self._next = page.feed, page.next
            self._merge(page)
        async for runs, cursor in self.gateway.flow_run_events(self._cursor, progress=True):
            self._cursor = cursor
            if runs:
                self._heard.update(runs)
                self._changed.update(runs)
                self.received += len(runs)
                self.on_news()


def service_filter(chosen: Filter) -> dict[str, object] | None:
    """The part of a filter that the service can apply; the rest is applied here."""
    filters: dict[str, object] = {}
    states = set(_STATE_TYPES)
    if chosen.trouble_only:
        states &= {"FAILED", "CRASHED"}
    for word in chosen.words:
        if word.key == "name" and not word.inverse and len(word.values) == 1:
            filters["nameContains"] = word.values[0]
        if word.key == "state":
            fitting = [
                {kind for kind in _STATE_TYPES if kind.casefold().startswith(value)}
                for value in word.values
            ]
            if all(fitting):  # otherwise a state's name is meant, which the service does not know
                kinds = set().union(*fitting)
                states = states - kinds if word.inverse else states & kinds
    if len(states) < len(_STATE_TYPES):
        filters["states"] = sorted(states)
    return filters or None


class RunFeed(Feed):
    """One run with all that belongs to it: its task runs, subflow runs and logs.

    Args:
        gateway: the door to the service.
        run_id: the run.
        kind: "flow" or "task".
    """

    def __init__(self, gateway: Gateway, run_id: str, kind: str = "flow") -> None:
        super().__init__(gateway)
        self.run_id = run_id
        self.kind = kind
        self.details: RunDetails | None = None
        self.run: Run | None = None
        self.loading_tasks = kind == "flow"
        self.bounded = False
        self.older_logs: str | None = None
        #: The attempts of runs that were retried, by id, as far as they were asked for.
        self.attempts: dict[str, list[Attempt]] = {}
        # The states in which the attempts were looked at, as they were seen before and after.
        self._attempts_at: dict[str, tuple[State, State]] = {}
        self._attempts_wanted: dict[str, Run] = {}
        self._attempts_come: list[str] = []
        self._asking: asyncio.Task[None] | None = None
        self._children: dict[str, Run] = {}
        self._held: set[str] = set()
        self._logs: list[LogRow] = []
        self._older: list[LogRow] = []
        self._cursors: dict[str, str] = {}
        self._paging: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Forget cursors and buffers."""
        self.loading_tasks, self.failure = self.kind == "flow", ""
        self._cursors, self._children, self._logs, self._older = {}, {}, [], []
        self._held.clear()

    # -- what the view fetches ------------------------------------------------------------------

    def take_children(self) -> dict[str, Run]:
        """Task runs and subflow runs that have changed since the last time."""
        children, self._children = self._children, {}
        return children

    def take_logs(self) -> tuple[list[LogRow], list[LogRow]]:
        """Log lines since the last time: older ones to put before, newer ones to put after."""
        older, self._older = self._older, []
        newer, self._logs = self._logs, []
        return older, newer

    def take_attempts(self) -> list[str]:
        """The ids of runs whose attempts have become known since the last time."""
        come, self._attempts_come = self._attempts_come, []
        return come

    def want_attempts(self, runs: Iterable[Run]) -> None:
        """Ask for the attempts of these runs, unless they are known up to the present state."""
        for run in runs:
            if run.kind == "task" and run.state not in self._attempts_at.get(run.id, ()):
                self._attempts_wanted[run.id] = run
        if self._attempts_wanted and (self._asking is None or self._asking.done()):
            self._asking = self.spawn(self._load_attempts())

    async def _load_attempts(self) -> None:
        while self._attempts_wanted:
            _, run = self._attempts_wanted.popitem()
            details = await self.gateway.task_run(run.id)
            self.attempts[run.id] = attempts_of(details.history)
            self._attempts_at[run.id] = (run.state, details.run.state)
            self._attempts_come.append(run.id)
            self.on_news()

    # -- following ------------------------------------------------------------------------------

    def start(self) -> None:
        """Load what there is, then follow."""
        self.spawn(self._begin())

    async def _begin(self) -> None:
        first = not self._cursors
        if first:
            await self._load()
        self.spawn(self._follow_logs())
        if self.kind == "flow":
            self.spawn(self._follow_run())
            self.spawn(self._follow_subflows())
            if self.loading_tasks:
                self.spawn(self._load_children())
        self.spawn(self._follow_tasks())

    @property
    def _log_filter(self) -> dict[str, object]:
        if self.kind == "task":
            return {"taskRunId": self.run_id}
        return {"flowRunId": self.run_id, "includeSubflows": True}

    async def _load(self) -> None:
        """The run, and the end of its log. The cursor is read before what it is to follow."""
        cursor = await self.gateway.feed_cursor()
        self.details = await self._read()
        self.run = self.details.run
        self.on_news()
        logs = await self.gateway.logs(self._log_filter)
        self._older[:0] = logs.rows
        self.older_logs = logs.before
        self._cursors = dict.fromkeys(("run", "subflows", "tasks"), cursor) | {"logs": logs.feed}
        self.on_news()

    async def _load_children(self) -> None:
        """Subflow runs, then task runs page by page, up to a bound."""
        await self._load_pages(self.gateway.subflow_runs)
        await self._load_pages(self.gateway.task_runs)
        self.loading_tasks = False
        self.on_news()

    async def _load_pages(self, load: Callable[[str, str | None], Awaitable[Page]]) -> None:
        after: str | None = None
        while True:
            self._heard.clear()
            page = await load(self.run_id, after)
            for run in page.rows:
                if run.id not in self._heard:
                    self._hold(run)
            self.on_news()
            after = page.next
            if after is None:
                return
            if len(self._held) >= TASK_BOUND:
                self.bounded = True
                return

    def _hold(self, run: Run) -> None:
        if run.id not in self._held:
            if len(self._held) >= TASK_BOUND:
                self.bounded = True
                return
            self._held.add(run.id)
        self._children[run.id] = run

    def _hear(self, runs: Iterable[Run]) -> None:
        """Take in the children that events tell of."""
        before = self.received
        for run in runs:
            self._heard.add(run.id)
            self._hold(run)
            self.received += 1
        if self.received > before:
            self.on_news()

    async def _follow_run(self) -> None:
        events = self.gateway.flow_run_events(
            self._cursors["run"], run_ids=[self.run_id], progress=True
        )
        async for runs, cursor in events:
            self._cursors["run"] = cursor
            self._renew(runs)

    def _renew(self, runs: dict[str, Run]) -> None:
        """Take in a newer look at the run itself; a new state makes its history worth reading."""
        run = runs.get(self.run_id)
        if run is None:
            return
        changed = self.run is None or self.run.state != run.state
        self.run = run
        self.on_news()
        if changed and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = self.spawn(self._reread())

    async def _read(self) -> RunDetails:
        if self.kind == "flow":
            return await self.gateway.flow_run(self.run_id)
        return await self.gateway.task_run(self.run_id)

    async def _reread(self) -> None:
        self.details = await self._read()
        self.on_news()

    async def _follow_subflows(self) -> None:
        async for runs, cursor in self.gateway.flow_run_events(self._cursors["subflows"]):
            self._cursors["subflows"] = cursor
            self._hear(run for run in runs.values() if run.parent_id == self.run_id)

    async def _follow_tasks(self) -> None:
        parent = self.run_id if self.kind == "flow" else self.run and self.run.parent_id
        if not parent:
            return
        async for runs, cursor in self.gateway.task_run_events(self._cursors["tasks"], parent):
            self._cursors["tasks"] = cursor
            if self.kind == "task":
                self._renew(runs)
            else:
                self._hear(runs.values())

    async def _follow_logs(self) -> None:
        async for lines, cursor in self.gateway.log_lines(self._cursors["logs"], self._log_filter):
            self._cursors["logs"] = cursor
            if not lines:
                continue
            self._logs.extend(lines)
            if len(self._logs) > LOG_BUFFER:
                del self._logs[:-LOG_BUFFER]
            self.received += len(lines)
            self.on_news()

    def want_older_logs(self) -> None:
        """Load a page of older log lines, unless one is on its way or there are none."""
        if self.older_logs and (self._paging is None or self._paging.done()):
            self._paging = self.spawn(self._load_older_logs(self.older_logs))

    async def _load_older_logs(self, before: str) -> None:
        page = await self.gateway.logs(self._log_filter, before)
        self._older[:0] = page.rows
        self.older_logs = page.before
        self.on_news()
