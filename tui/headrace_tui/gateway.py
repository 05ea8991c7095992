"""The monitor's one door to the service: models out, GraphQL inside.

Questions are asked again until they are answered; subscriptions come back by themselves and go on
after the last cursor. How the connection stands is told to whoever listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any

from headrace.client import AsyncClient, ConnectionState, ConnectionStatus
from headrace.exceptions import ServiceError, ServiceUnreachable, SetupError
from headrace_tui import operations as ops
from headrace_tui.models import Connection, Link, LogPage, LogRow, Page, Run, RunDetails

#: Rows of a page; the service gives no more at once.
PAGE_SIZE = 200

#: Codes of errors by which the service tells that it does not know or want us.
_REFUSALS = frozenset({"Unauthenticated", "Unauthorized", "Forbidden"})

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0


class NoSuchRun(Exception):
    """The service does not know a run by this id."""


class Gateway:
    """Asks the service, and listens to it.

    Args:
        client: an open client; whoever made it closes it.
        patience: how long the service may be away before that is an error, in seconds; None
            for ever.
        raw: leave the texts in answers as they were recorded; see `operations.Reader`.
    """

    def __init__(
        self, client: AsyncClient, *, patience: float | None = None, raw: bool = False
    ) -> None:
        self.connection = Connection()
        #: Called after each change of `connection`.
        self.on_connection: Callable[[], None] = lambda: None
        #: What the service says of itself, once it has answered.
        self.server: Mapping[str, Any] = {}
        self._client = client
        self._read = ops.Reader(raw=raw)
        self._patience = patience
        self._away: dict[object, Connection] = {}
        self._latency: float | None = None
        self._refused = ""
        self._took = 0.0
        self._heard_at: float | None = None
        self._clock_ahead = 0
        self._again = asyncio.Event()

    # -- the connection -------------------------------------------------------------------------

    def now(self) -> int:
        """The time by the service's clock, in microseconds."""
        return time.time_ns() // 1000 + self._clock_ahead

    def retry_now(self) -> None:
        """Do not wait any longer before the next attempt."""
        self._again.set()

    async def ping(self) -> None:
        """Ask the service how it is; measures the round trip and the difference of the clocks."""
        if self._latency is None:  # the first question also opens the connection
            await self.ask(ops.SERVER_INFO, {})
        data = await self.ask(ops.SERVER_INFO, {})
        took = self._latency = self._took
        self.server = data["serverInfo"]
        ahead = ops.micros(self.server["now"]) + round(took * 500_000) - time.time_ns() // 1000
        self._clock_ahead = ahead if abs(ahead) > 50_000 else 0  # else: noise of the measurement
        self._tell()

    def _heard(self, source: object) -> None:
        self._away.pop(source, None)
        self._heard_at = time.monotonic()
        self._tell()

    def _missed(self, source: object, attempt: int, wait: float, reason: str) -> None:
        self._away[source] = Connection(
            Link.AWAY, None, attempt, time.monotonic() + wait, self._heard_at, reason
        )
        self._tell()

    def _forget(self, source: object) -> None:
        """Whoever was away waits no longer."""
        if self._away.pop(source, None) is not None:
            self._tell()

    def _tell(self) -> None:
        if self._refused:
            connection = Connection(Link.REFUSED, reason=self._refused)
        elif self._away:
            soonest = min(self._away.values(), key=lambda away: away.retry_at or 0.0)
            most = max(away.attempt for away in self._away.values())
            connection = replace(soonest, attempt=most)
        elif self._heard_at is None:
            connection = Connection()
        else:
            connection = Connection(Link.LIVE, self._latency)
        if connection != self.connection:
            self.connection = connection
            self.on_connection()

    # -- asking ---------------------------------------------------------------------------------

    async def ask(self, document: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """Ask until there is an answer, however long the service is away.

        Raises:
            ServiceError: the service answered with an error.
            SetupError: the service is away, and there is no more patience.
        """
        attempt, begin, source = 0, time.monotonic(), object()
        try:
            while True:
                try:
                    asked = time.monotonic()
                    data = await self._client.execute(document, variables)
                except SetupError as error:
                    self._check_patience(begin, error)
                    attempt += 1
                    wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1))
                    wait *= random.uniform(0.8, 1.2)
                    self._missed(source, attempt, wait, str(error))
                    self._again.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._again.wait(), wait)
                    continue
                except ServiceError as error:
                    self._refused = str(error) if error.code in _REFUSALS else ""
                    self._heard(source)
                    raise
                self._took = time.monotonic() - asked
                self._refused = ""
                self._heard(source)
                return data
        finally:
            self._forget(source)

    def _check_patience(self, since: float, error: SetupError) -> None:
        if self._patience is not None and time.monotonic() - since > self._patience:
            raise error

    async def flow_runs(
        self, after: str | None = None, filters: Mapping[str, object] | None = None
    ) -> Page:
        """A page of flow runs, the newest first."""
        variables = {"first": PAGE_SIZE, "after": after, "filter": filters}
        data = await self.ask(ops.FLOW_RUNS, variables)
        return self._read.page(data["flowRuns"])

    async def feed_cursor(self) -> str:
        """Where the feed of runs stands now: what is read later holds all up to here."""
        data = await self.ask(ops.SERVER_INFO, {})
        cursor: str = data["serverInfo"]["feedCursor"]
        return cursor

    async def flow_run(self, run_id: str) -> RunDetails:
        """A flow run with its history and parameters.

        Raises:
            NoSuchRun: there is none.
        """
        data = await self.ask(ops.FLOW_RUN, {"id": run_id})
        if data["flowRun"] is None:
            raise NoSuchRun(run_id)
        return self._read.details(data["flowRun"])

    async def task_run(self, run_id: str) -> RunDetails:
        """A task run with its history and inputs.

        Raises:
            NoSuchRun: there is none.
        """
        data = await self.ask(ops.TASK_RUN, {"id": run_id})
        if data["taskRun"] is None:
            raise NoSuchRun(run_id)
        return self._read.details(data["taskRun"])

    async def task_runs(self, flow_run_id: str, after: str | None = None) -> Page:
        """A page of a flow run's task runs."""
        return await self._page_of_run("taskRuns", ops.TASK_RUNS, flow_run_id, after)

    async def subflow_runs(self, flow_run_id: str, after: str | None = None) -> Page:
        """A page of a flow run's subflow runs."""
        return await self._page_of_run("subflowRuns", ops.SUBFLOW_RUNS, flow_run_id, after)

    async def _page_of_run(
        self, field: str, document: str, flow_run_id: str, after: str | None
    ) -> Page:
        variables = {"run": flow_run_id, "first": PAGE_SIZE, "after": after}
        data = await self.ask(document, variables)
        if data["flowRun"] is None:
            raise NoSuchRun(flow_run_id)
        return self._read.page(data["flowRun"][field])

    async def logs(self, filters: Mapping[str, object], before: str | None = None) -> LogPage:
        """The last log lines (before a cursor), oldest first."""
        variables = {"last": PAGE_SIZE, "before": before, "filter": filters}
        data = await self.ask(ops.LOGS, variables)
        return self._read.log_page(data["logs"])

    async def logs_onward(self, filters: Mapping[str, object], after: str | None = None) -> LogPage:
        """The first log lines (after a cursor), oldest first."""
        variables = {"first": PAGE_SIZE, "after": after, "filter": filters}
        data = await self.ask(ops.LOGS_ONWARD, variables)
        return self._read.log_page(data["logs"])

    # -- listening ------------------------------------------------------------------------------

    async def flow_run_events(
        self, after: str, *, run_ids: list[str] | None = None, progress: bool = False
    ) -> AsyncGenerator[tuple[dict[str, Run], str], None]:
        """Flow runs that change, the last look at each, with the cursor to resume after."""
        filters = None if run_ids is None else {"flowRunIds": run_ids}
        variables = {"after": after, "filter": filters, "progress": progress}
        async for message in self._listen("flowRuns", ops.FLOW_RUN_EVENTS, variables):
            yield self._read.runs(message["events"], "flowRun"), message["cursor"]

    async def task_run_events(
        self, after: str, flow_run_id: str | None
    ) -> AsyncGenerator[tuple[dict[str, Run], str], None]:
        """Task runs that change, the last look at each, with the cursor to resume after."""
        variables = {"after": after, "run": flow_run_id}
        async for message in self._listen("taskRuns", ops.TASK_RUN_EVENTS, variables):
            yield self._read.runs(message["events"], "taskRun"), message["cursor"]

    async def log_lines(
        self, after: str, filters: Mapping[str, object]
    ) -> AsyncGenerator[tuple[list[LogRow], str], None]:
        """Log lines as they come, with the cursor to resume after."""
        variables = {"after": after, "filter": filters}
        async for message in self._listen("logs", ops.LOG_LINES, variables):
            yield [self._read.log(line) for line in message["lines"]], message["cursor"]

    async def _listen(
        self, field: str, document: str, variables: Mapping[str, object]
    ) -> AsyncGenerator[dict[str, Any], None]:
        source, away_since = object(), 0.0

        def told(status: ConnectionStatus) -> None:
            nonlocal away_since
            if status.state is ConnectionState.CONNECTED:
                away_since = 0.0
                self._heard(source)
                return
            reason = status.error or "the connection broke"
            away_since = away_since or time.monotonic()
            self._check_patience(away_since, ServiceUnreachable(reason))
            self._missed(source, status.attempt, status.retry_in, reason)

        answers = self._client.subscribe(document, variables, on_status=told)
        try:
            async with contextlib.aclosing(answers):
                async for data in answers:
                    yield data[field]
        finally:
            self._forget(source)
