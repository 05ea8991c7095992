"""A run as a sequence of events, from its beginning until it is over: what `headrace watch` prints.

What happened before is told in the order of its times, what happens from now on as it comes. When
the run is over, whatever had not come by then is fetched, so that a transcript is always complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any

from headrace_tui.gateway import Gateway
from headrace_tui.models import LogRow, Page, Run

#: Something that happened: a run entered a state, or wrote a line.
Event = Run | LogRow


class Transcript:
    """Follows one flow run, its task runs and its subflow runs.

    Args:
        gateway: the door to the service.
        run_id: the flow run.
    """

    def __init__(self, gateway: Gateway, run_id: str) -> None:
        #: The last look at each run, by id.
        self.runs: dict[str, Run] = {}
        self._gateway = gateway
        self._run_id = run_id
        self._told: dict[str, int] = {}
        # None tells that the run is over.
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue(10_000)
        self._log_cursor: str | None = None
        self._log_filter = {"flowRunId": run_id, "includeSubflows": True}

    @property
    def run(self) -> Run:
        """The last look at the flow run itself."""
        return self.runs[self._run_id]

    async def events(self) -> AsyncIterator[Event]:
        """All that happened and happens, ending with the run's last state.

        Raises:
            NoSuchRun: there is no such run.
            ServiceError: the service answered with an error.
        """
        cursor = await self._gateway.feed_cursor()
        run = (await self._gateway.flow_run(self._run_id)).run
        # A run that is over is told about last.
        past: list[Event] = [] if run.is_over else self._news([run])
        self.runs[run.id] = run
        past += await self._children()
        past += await self._logs()
        for event in sorted(past, key=_time):
            yield event
        if not run.is_over:
            async for event in self._live(cursor):
                yield event
            for event in await self._children():
                yield event
            for line in await self._logs():
                yield line
        yield self.run

    def _news(self, runs: Iterable[Run]) -> list[Event]:
        """Those of the runs that are in a state that was not told yet."""
        fresh: list[Event] = []
        for run in runs:
            if run.state.at > self._told.get(run.id, -1):
                self._told[run.id] = run.state.at
                self.runs[run.id] = run
                fresh.append(run)
        return fresh

    async def _children(self) -> list[Event]:
        found: list[Event] = []
        for load in (self._gateway.subflow_runs, self._gateway.task_runs):
            found += self._news(await self._pages(load))
        return sorted(found, key=_time)

    async def _pages(self, load: Callable[[str, str | None], Awaitable[Page]]) -> list[Run]:
        runs: list[Run] = []
        after: str | None = None
        while True:
            page = await load(self._run_id, after)
            runs += page.rows
            after = page.next
            if after is None:
                return runs

    async def _logs(self) -> list[LogRow]:
        """The lines after the last one that was told."""
        rows: list[LogRow] = []
        while True:
            page = await self._gateway.logs_onward(self._log_filter, self._log_cursor)
            rows += page.rows
            self._log_cursor = page.after or page.feed
            if page.after is None:
                return rows

    # -- what happens from now on ---------------------------------------------------------------

    async def _live(self, cursor: str) -> AsyncIterator[Event]:
        """What happens until the run is over, or nearly all of it."""
        tasks = [
            asyncio.create_task(self._guard(work))
            for work in (
                self._follow_flow_runs(cursor),
                self._follow_task_runs(cursor),
                self._follow_logs(),
            )
        ]
        try:
            over = False
            while not (over and self._events.empty()):
                event = await self._events.get()
                if isinstance(event, Exception):
                    raise event
                if event is None:
                    over = True
                else:
                    yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """An error of a task that runs beside is the transcript's error."""
        try:
            await work
        except Exception as error:
            await self._events.put(error)

    async def _follow_flow_runs(self, cursor: str) -> None:
        async for runs, _ in self._gateway.flow_run_events(cursor):
            for run in runs.values():
                if run.id == self._run_id and run.is_over:
                    self.runs[run.id] = run
                    await self._events.put(None)
                elif self._run_id in (run.id, run.parent_id):
                    await self._tell(run)

    async def _tell(self, run: Run) -> None:
        """Pass a run on if its state is news; only what was passed on counts as told."""
        if run.state.at > self._told.get(run.id, -1):
            await self._events.put(run)
            self._told[run.id] = run.state.at
            self.runs[run.id] = run

    async def _follow_task_runs(self, cursor: str) -> None:
        async for runs, _ in self._gateway.task_run_events(cursor, self._run_id):
            for run in runs.values():
                await self._tell(run)

    async def _follow_logs(self) -> None:
        assert self._log_cursor is not None
        async for lines, cursor in self._gateway.log_lines(self._log_cursor, self._log_filter):
            for line in lines:
                await self._events.put(line)
                self._log_cursor = line.cursor
            self._log_cursor = cursor


def _time(event: Event) -> int:
    return event.at if isinstance(event, LogRow) else event.state.at
