"""The two tables: flow runs, and what belongs to one flow run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.strip import Strip

from headrace_tui import format as fmt
from headrace_tui.format import Piece
from headrace_tui.models import Attempt, Run
from headrace_tui.widgets.columns import Column
from headrace_tui.widgets.virtual_table import VirtualTable

STATE_COLUMN = Column("state", "STATE", fmt.STATE_WIDTH + 2)


class RunTable(VirtualTable):
    """A table whose keys are ids of runs."""

    def __init__(
        self, now: Callable[[], int], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: Mapping[str, Run] = {}
        self.now = now
        self.times = "local"
        self.empty_lines: Sequence[str] = ()

    @property
    def selected(self) -> Run | None:
        """The run under the cursor."""
        return None if self.cursor_key is None else self.rows.get(self.cursor_key)

    def tick(self) -> None:
        """A second has passed: durations that grow are drawn anew."""
        relative = self.times == "relative"
        rows = self.rows
        self.touch([key for key in self.shown_keys if relative or rows[key].is_live])

    def draw_empty(self, y: int, width: int) -> Strip:
        """Say what a person can do about an empty table."""
        line = y - (1 if self.page_size > 3 else 0)
        if not self.keys and 0 <= line < len(self.empty_lines):
            return self.strip([("  " + self.empty_lines[line], "dim")], width)
        return self.strip((), width)

    def draw_cell(self, key: str, column: Column, width: int) -> Sequence[Piece] | str:
        """Draw what all runs have in common."""
        run = self.rows[key]
        match column.key:
            case "state":
                glyph, ink = fmt.look(run.state.type, run.state.name, ascii_only=self.ascii_only)
                return [(f"{glyph} {fmt.state_word(run.state.name)}", ink)]
            case "name":
                return self.draw_name(run)
            case "duration":
                length = run.duration(self.now())
                return fmt.ticking(length) if run.is_live else fmt.duration(length)
            case "retries":
                return [(str(run.retries), "retrying")] if run.retries else ""
            case "started":
                return [(self._moment(run.begun), "dim")]
        return ""

    def draw_name(self, run: Run) -> Sequence[Piece]:
        """What stands in the column of names."""
        return [(run.name, "text")]

    def _moment(self, at: int | None) -> str:
        if at is None:
            return ""
        if self.times == "relative":
            return fmt.ago(at, self.now())
        return fmt.moment(at, self.now(), utc=self.times == "utc")


class FlowRunTable(RunTable):
    """Flow runs with the progress of their task runs."""

    columns = (
        STATE_COLUMN,
        Column("name", "RUN", 13, grow=2, most=40),
        Column("flow", "FLOW", 11, grow=3, most=32, drop=4),
        Column("tasks", "TASKS", 8, right=True, drop=3),
        Column("progress", "PROGRESS", 8, grow=2, drop=5),
        Column("retries", "RETRY", 5, right=True, drop=6),
        Column("duration", "TIME", 6, right=True, drop=1),
        Column("started", "STARTED", 12, right=True, drop=7),
    )

    def draw_cell(self, key: str, column: Column, width: int) -> Sequence[Piece] | str:
        """Draw what only flow runs have."""
        run = self.rows[key]
        match column.key:
            case "flow":
                return [(run.group, "dim")]
            case "tasks":
                done, total = fmt.tally(run.counts)
                return f"{_short(done)}/{_short(total)}" if total else [("-", "dim")]
            case "progress":
                return self._progress(run, width)
        return super().draw_cell(key, column, width)

    def _progress(self, run: Run, width: int) -> Sequence[Piece]:
        failed = fmt.trouble(run.counts)
        tail = f" {'x' if self.ascii_only else '✗'}{_short(failed)}" if failed else ""
        pieces = fmt.bar(run.counts, width - len(tail), ascii_only=self.ascii_only)
        return [*pieces, (tail, "failed")] if tail else pieces

    def draw_name(self, run: Run) -> Sequence[Piece]:
        """A subflow run's name is marked."""
        if run.parent_id is None:
            return [(run.name, "text")]
        return [("-> " if self.ascii_only else "↳ ", "dim"), (run.name, "text")]


class TaskTable(RunTable):
    """What belongs to a flow run: task runs and subflow runs, each with its bar in time."""

    sticky_from_start = False
    columns = (
        STATE_COLUMN,
        Column("name", "TASK", 14, grow=2, most=36),
        Column("retries", "RETRY", 5, right=True, drop=3),
        Column("duration", "TIME", 6, right=True, drop=1),
        Column("timeline", "", 14, grow=3, drop=2),
    )

    def __init__(
        self, now: Callable[[], int], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(now, id=id, classes=classes)
        self.window = (0, 1)
        #: The attempts of runs that were retried, as far as they are known.
        self.attempts: Mapping[str, Sequence[Attempt]] = {}

    def set_window(self, first: int, last: int) -> None:
        """Say which stretch of time the timeline shows, in microseconds."""
        if (first, last) != self.window:
            self.window = (first, last)
            self.forget_drawn()

    def draw_title(self, column: Column, width: int) -> str:
        """The timeline's heading is its axis."""
        if column.key != "timeline":
            return column.title
        return fmt.axis(self.window[1] - self.window[0], width)

    def draw_cell(self, key: str, column: Column, width: int) -> Sequence[Piece] | str:
        """Draw the timeline, and what all runs have."""
        if column.key == "timeline":
            return self._timeline(self.rows[key], width)
        return super().draw_cell(key, column, width)

    def _timeline(self, run: Run, width: int) -> Sequence[Piece]:
        if run.start_time is None:
            return ()
        now = self.now()
        end = run.start_time + (run.duration(now) or 0)
        ink = fmt.look(run.state.type, run.state.name)[1]
        bars = [(run.start_time, end, ink, run.state.type == "FAILED")]
        if attempts := self.attempts.get(run.id):
            bars = [
                (one.start, one.end or end, "retrying" if one.failed else ink, one.failed)
                for one in attempts
            ]
        return fmt.timeline(bars, *self.window, width, ascii_only=self.ascii_only)

    def draw_name(self, run: Run) -> Sequence[Piece]:
        """A task run's name; of a subflow run, the flow's name before its own."""
        if run.kind == "task":
            return [(run.name, "text")]
        return [(f"{'->' if self.ascii_only else '↳'} {run.group} ", "accent"), (run.name, "dim")]


def _short(count: int) -> str:
    """A count in at most four cells."""
    if count < 10_000:
        return str(count)
    if count < 1_000_000:
        return f"{count // 1000}k"
    return f"{count // 1_000_000}M"
