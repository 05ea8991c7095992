"""A run as a sequence of events, from its beginning until it is over: what `headrace watch` prints.

What happened before is told in the order of its times. What happens from now on is told as it
comes, held back for a moment: states and log lines come on different ways, and are to stand in the
order of their times. When the run is over, whatever had not come by then is fetched, so that a
transcript is always complete.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any

from headrace_tui.gateway import Gateway, NoSuchRun
from headrace_tui.models import LogRow, Page, Run, State
from headrace_tui.time_order import Event, TimeOrder

#: How long an event waits for older ones, in seconds; one that comes meanwhile up to twice that.
HOLD_BACK = 0.05


class Transcript:
    """Follows one flow run, its task runs and its subflow runs.

    Args:
        gateway: the door to the service.
        run_id: the flow run.
    """

    def __init__(self, gateway: Gateway, run_id: str) -> None:
        #: The last look at each run that was told about or wrote a line, by id.
        self.runs: dict[str, Run] = {}
        self._gateway = gateway
        self._run_id = run_id
        self._told: dict[str, State] = {}
        # The runs whose start was told.
        self._begun: set[str] = set()
        # What has come and waits for what is older.
        self._order = TimeOrder()
        self._failure: Exception | None = None
        # Where each flow run's task runs were read up to.
        self._read_to: dict[str, str | None] = {}
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
        self._order.hold(self._beginning(run) if run.is_over else self._news([run]))
        self.runs[run.id] = run
        await self._hold_rest()
        for event in self._order.release():
            yield event
        if not run.is_over:
            async for event in self._live(cursor):
                yield event
            self._order.hold(self._beginning(self.run))
            await self._hold_rest()
            for event in self._order.release():
                yield event
        yield self.run

    async def _hold_rest(self) -> None:
        """Ask for the states and lines that were not told yet."""
        self._order.hold(await self._children())
        self._order.hold(await self._logs())

    # -- what has happened ----------------------------------------------------------------------

    def _news(self, runs: Iterable[Run]) -> list[Event]:
        """Those of the runs that are in a state that was not told yet."""
        fresh: list[Event] = []
        for run in runs:
            if run.state != self._told.get(run.id):
                fresh += [*self._beginning(run), run]
                self._mark(run)
        return fresh

    def _mark(self, run: Run) -> None:
        """Remember what is told of a run now."""
        self._told[run.id] = run.state
        self.runs[run.id] = run
        if run.start_time is not None:
            self._begun.add(run.id)

    def _beginning(self, run: Run) -> list[Event]:
        """The start of a run that is in a later state by now, if it was not told.

        A look at a run tells of its last state alone.
        """
        if run.start_time is None or run.id in self._begun:
            return []
        if run.state.type == "RUNNING" and not run.retries:
            return []
        running = State("RUNNING", "Running", run.start_time, run_count=1)
        return [replace(run, state=running, end_time=None, counts={})]

    async def _children(self) -> list[Event]:
        subflows, _ = await self._pages(self._gateway.subflow_runs, self._run_id)
        tasks, self._read_to[self._run_id] = await self._pages(
            self._gateway.task_runs, self._run_id
        )
        return self._news([*subflows, *tasks])

    async def _pages(
        self,
        load: Callable[[str, str | None], Awaitable[Page]],
        run_id: str,
        after: str | None = None,
    ) -> tuple[list[Run], str | None]:
        """What belongs to a flow run, and the cursor behind the last of it."""
        runs: list[Run] = []
        while True:
            page = await load(run_id, after)
            runs += page.rows
            after = page.end or after
            if page.next is None:
                return runs, after

    async def _logs(self) -> list[LogRow]:
        """The lines after the last one that was told, their writers known."""
        rows: list[LogRow] = []
        while True:
            page = await self._gateway.logs_onward(self._log_filter, self._log_cursor)
            rows += page.rows
            self._log_cursor = page.after or page.feed
            if page.after is None:
                break
        for row in rows:
            await self._introduce(row)
        return rows

    async def _introduce(self, line: LogRow) -> None:
        """Make known who wrote a line, which may be a run that nothing was told about yet.

        Task runs of subflow runs are not followed; they are read when one of them speaks.
        """
        flow_run, task_run = line.flow_run_id, line.task_run_id
        with contextlib.suppress(NoSuchRun):
            if flow_run is not None and flow_run not in self.runs:
                self.runs[flow_run] = (await self._gateway.flow_run(flow_run)).run
            if task_run is None or task_run in self.runs:
                return
            if flow_run is not None:
                found, self._read_to[flow_run] = await self._pages(
                    self._gateway.task_runs, flow_run, self._read_to.get(flow_run)
                )
                for run in found:
                    self.runs.setdefault(run.id, run)
            if task_run not in self.runs:  # made by a process whose clock is behind
                self.runs[task_run] = (await self._gateway.task_run(task_run)).run

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
            while not over:
                if self._order.newest is None:
                    over = self._take(await self._events.get())
                due = self._order.newest
                await asyncio.sleep(HOLD_BACK)
                over = self._take_all() or over
                if self._failure is not None:
                    for event in self._order.release():
                        yield event
                    raise self._failure
                if not over and due is not None:
                    for event in self._order.release(due):
                        yield event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._take_all()

    def _take(self, event: Event | Exception | None) -> bool:
        """Hold an event that has come. Returns whether it tells that the run is over."""
        if isinstance(event, Exception):
            self._failure = self._failure or event
        elif event is not None:
            self._order.hold([event])
        return event is None

    def _take_all(self) -> bool:
        """Hold all that has come. Returns whether the run is over."""
        over = False
        while not self._events.empty():
            over = self._take(self._events.get_nowait()) or over
        return over

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
        if run.state != self._told.get(run.id):
            for event in self._beginning(run):
                await self._events.put(event)
                self._begun.add(run.id)
            await self._events.put(run)
            self._mark(run)

    async def _follow_task_runs(self, cursor: str) -> None:
        async for runs, _ in self._gateway.task_run_events(cursor, self._run_id):
            for run in runs.values():
                await self._tell(run)

    async def _follow_logs(self) -> None:
        assert self._log_cursor is not None
        async for lines, cursor in self._gateway.log_lines(self._log_cursor, self._log_filter):
            for line in lines:
                await self._introduce(line)
                await self._events.put(line)
                self._log_cursor = line.cursor
            self._log_cursor = cursor
