"""Which rows of a feed a subscriber wants, where the feed itself cannot know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from headrace_service.ledger import Ledger
from headrace_service.ledger.queries import flow_runs
from headrace_service.ledger.queries.logs import LogRow, LogWhere
from headrace_service.ledger.tail import EventRow

#: How many flow runs a subscriber remembers the answer of; then it forgets them all.
REMEMBERED = 50_000


class OfFlowRun(Protocol):
    """A row that belongs to a flow run."""

    @property
    def flow_run_id(self) -> UUID | None:
        """The flow run."""


R = TypeVar("R", bound=OfFlowRun)


class RunFilter(ABC):
    """Keeps the rows of some flow runs; looks unknown runs up, all of a chunk's at once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[UUID, bool] = {}

    async def only(self, rows: Sequence[R]) -> list[R]:
        """Those of the rows whose flow run is wanted."""
        runs = {row.flow_run_id for row in rows if row.flow_run_id is not None}
        unknown = [run for run in runs if run not in self._known]
        if unknown:
            if len(self._known) > REMEMBERED:
                self._known.clear()
                unknown = list(runs)
            wanted = await self._look_up(unknown)
            self._known.update((run, run in wanted) for run in unknown)
        return [row for row in rows if row.flow_run_id is not None and self._known[row.flow_run_id]]

    @abstractmethod
    async def _look_up(self, runs: list[UUID]) -> set[UUID]:
        """Those of the runs that are wanted; what is said of a run holds for ever."""


class OfFlow(RunFilter):
    """The runs of the flow with a name."""

    def __init__(self, ledger: Ledger, flow_name: str) -> None:
        super().__init__(ledger)
        self._flow_name = flow_name

    async def _look_up(self, runs: list[UUID]) -> set[UUID]:
        names = await self._ledger.aread_for_feed(flow_runs.flow_names, runs)
        return {run for run, name in names.items() if name == self._flow_name}


class Within(RunFilter):
    """A flow run and all that it started, however deep."""

    def __init__(self, ledger: Ledger, top: UUID) -> None:
        super().__init__(ledger)
        self._top = top

    async def _look_up(self, runs: list[UUID]) -> set[UUID]:
        return await self._ledger.aread_for_feed(flow_runs.within, runs, self._top)


def latest_progress(rows: Sequence[EventRow]) -> list[EventRow]:
    """Every event of a flow run, and of each flow run's task runs only the last."""
    last = {row.flow_run_id: row.seq for row in rows if row.kind == "task_run"}
    return [
        row
        for row in rows
        if row.kind != "task_run"
        or (row.flow_run_id is not None and last[row.flow_run_id] == row.seq)
    ]


def matches(row: LogRow, where: LogWhere) -> bool:
    """Whether a log line meets the conditions that the feed does not know."""
    return (
        (where.message_contains is None or where.message_contains.lower() in row.message.lower())
        and (where.since is None or row.at >= where.since)
        and (where.until is None or row.at < where.until)
    )
