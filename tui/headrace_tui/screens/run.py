"""One run: its tasks, its logs and its details, as they happen."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from headrace_tui import format as fmt
from headrace_tui.actions import Action, Scope, bindings
from headrace_tui.feeds import TASK_BOUND, RunFeed
from headrace_tui.filters import Filter
from headrace_tui.format import Piece
from headrace_tui.models import LogRow, Run
from headrace_tui.run_list import RunList, Sort
from headrace_tui.screens.base import MonitorScreen
from headrace_tui.screens.details import detail_lines
from headrace_tui.widgets.filter_bar import FilterBar
from headrace_tui.widgets.inked import sides
from headrace_tui.widgets.lines import HeadLine, TabLine, TextLine
from headrace_tui.widgets.run_tables import TaskTable
from headrace_tui.widgets.text_view import TextView
from headrace_tui.widgets.virtual_log import VirtualLog
from headrace_tui.widgets.virtual_table import VirtualTable
from headrace_tui.widgets.virtual_view import VirtualView

#: From this width on, tasks and logs stand side by side.
WIDE = 140
#: How far the timeline's end runs ahead of a living run, so that it is not redrawn every second.
_AHEAD = 1.15
#: The loggers of runs themselves.
RUN_LOGGERS = frozenset({"headrace.flow_runs", "headrace.task_runs"})


class RunScreen(MonitorScreen):
    """A flow run, or a task run; the latter has no tasks."""

    BINDINGS = bindings(Scope.RUN)
    scopes = (Scope.RUN,)

    def __init__(self, run: Run, pane: str = "") -> None:
        super().__init__()
        self.run_id = run.id
        self.kind = run.kind
        self.run_seen = run
        self.children_list = RunList(Sort.START)
        self.pane = pane or ("tasks" if run.kind == "flow" else "logs")
        self._filter = Filter()
        self._feed: RunFeed | None = None
        self._seen = 0
        self._left_pane = self.pane
        self._nameless = False

    @property
    def feed(self) -> RunFeed:
        """The feed of this run."""
        if self._feed is None:
            self._feed = RunFeed(self.gateway, self.run_id, self.kind)
            self._feed.on_news = self.request_flush
            self._feed.on_reset = self._begin_anew
        return self._feed

    def compose(self) -> ComposeResult:
        """The head, the run's state, the panes, the keys."""
        yield self.head_line()
        yield TextLine(self._state_line, id="state")
        yield TextLine(self._complaint_line, id="complaint")
        yield FilterBar()
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield TabLine(self._left_tabs, self._left_status, id="left-tabs")
                yield TaskTable(self.gateway.now, id="tasks")
                yield TextView(id="details")
            with Vertical(id="right"):
                yield TabLine(self._right_tabs, self._log_status, id="right-tabs")
                yield VirtualLog(id="logs")
        yield self.key_line()

    @property
    def table(self) -> TaskTable:
        """The table of tasks."""
        return self.query_one(TaskTable)

    @property
    def log_view(self) -> VirtualLog:
        """The view of the log."""
        return self.query_one(VirtualLog)

    @property
    def details_view(self) -> TextView:
        """The view of the details."""
        return self.query_one(TextView)

    def crumbs(self) -> list[str]:
        """The flow or task, and the run."""
        run = self.run_seen
        if run.kind == "task":
            return ["Task", run.name]
        return [run.group, run.name]

    def main_view(self) -> VirtualView:
        """The view of the open pane."""
        match self.pane:
            case "tasks":
                return self.table
            case "details":
                return self.details_view
        return self.log_view

    def selected_run(self) -> Run | None:
        """The task under the cursor, or this run."""
        if self.pane == "tasks" and self.table.selected is not None:
            return self.table.selected
        return self.run_seen

    def on_mount(self) -> None:
        """Give the views their content."""
        self.table.rows = self.children_list.rows
        self.table.attempts = self.feed.attempts
        self.table.empty_lines = ("Loading …",)
        self.log_view.set_source(self._source)
        self._arrange()

    def active_actions(self) -> list[Action]:
        """What the open pane has no use for is left out."""
        without = set() if self.pane == "tasks" else {"run.open", "run.sort"}
        without |= {"run.tasks", "run.sort"} if self.kind == "task" else set()
        return [action for action in super().active_actions() if action.id not in without]

    # -- panes ----------------------------------------------------------------------------------

    @property
    def is_wide(self) -> bool:
        """Whether the logs have a place of their own."""
        return self.size.width >= WIDE

    @property
    def panes(self) -> list[str]:
        """The panes in the order of the tab key."""
        if self.kind == "task":
            return ["logs", "details"]
        return ["tasks", "logs", "details"]

    def on_resize(self, event: events.Resize) -> None:
        """Side by side, or one at a time."""
        self._arrange()

    def _arrange(self) -> None:
        """Show the open pane, and the logs beside it where there is room."""
        wide, pane = self.is_wide, self.pane
        self.set_class(wide, "-wide")
        left = pane if pane != "logs" else self.panes[0] if self.kind == "flow" else "details"
        self.query_one("#left").display = wide or pane != "logs"
        self.query_one("#right").display = wide or pane == "logs"
        self.table.display = left == "tasks"
        self.details_view.display = left == "details"
        self._left_pane = left
        if left == "details":
            self.call_after_refresh(self._draw_details)
        if not self.query_one(FilterBar).is_open:
            self.main_view().focus()
        self.update_lines()

    def action_show(self, pane: str) -> None:
        """Open a pane."""
        if pane in self.panes:
            self.pane = pane
            self._arrange()

    def action_next_pane(self, step: int) -> None:
        """The next pane, or the one before."""
        panes = self.panes
        self.action_show(panes[(panes.index(self.pane) + step) % len(panes)])

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        self.action_show(event.name)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click into a pane opens it."""
        for pane, view in (("tasks", self.table), ("logs", self.log_view),
                           ("details", self.details_view)):  # fmt: skip
            if event.widget is view and self.pane != pane:
                self.pane = pane
                self.update_lines()
        super().on_descendant_focus(event)

    # -- painting -------------------------------------------------------------------------------

    def apply_news(self) -> None:
        """Apply what the feed has gathered."""
        feed = self.feed
        self._seen = feed.received
        if feed.run is not None:
            self.run_seen = feed.run
        children = feed.take_children()
        now = self.gateway.now()
        reordered, touched = self.children_list.apply(children, now)
        self._set_window(now)
        self._set_tail()
        if reordered:
            self.table.front = self.children_list.begun
            self.table.set_keys(self.children_list.keys)
        self.table.touch(touched)
        if children and self._nameless:
            self._nameless = False
            self.log_view.rename_sources()
        self.table.touch(feed.take_attempts())
        older, newer = feed.take_logs()
        if older:
            self.log_view.prepend(older)
            if self.log_view.follow:
                self.log_view.action_last()
        self.log_view.append(newer)
        self._say_why_empty()
        if self.details_view.display:
            self._draw_details()
        self.update_lines()

    def _set_tail(self) -> None:
        """Where the newest task comes last, follow it as long as the run lives."""
        table, was = self.table, self.table.can_tail
        table.can_tail = self.children_list.order is Sort.START and not self.run_seen.is_over
        if table.can_tail and not was and table.cursor == 0:
            table.set_tail(True)
        elif not table.can_tail and table.tail:
            table.set_tail(False)

    def tick(self) -> None:
        """Durations grow, the time goes on; what has gone out of order is sorted."""
        if not self.paused:
            now = self.gateway.now()
            self.table.times = self.monitor.times
            if self.log_view.utc != (self.monitor.times == "utc"):
                self.log_view.utc = self.monitor.times == "utc"
                self.log_view.refresh()
            self._set_window(now)
            if self.children_list.stale:
                self.children_list.sort(now)
                self.table.set_keys(self.children_list.keys)
            self.table.tick()
            rows = self.children_list.rows
            retried = (rows[key] for key in self.table.shown_keys if rows[key].retries)
            self.feed.want_attempts(retried)
            if self.details_view.display:
                self._draw_details()
        self.update_lines()

    def held_back(self) -> int:
        """Changes since painting was paused."""
        return self.feed.received - self._seen

    def update_lines(self) -> None:
        """The lines around the panes."""
        message = self.run_seen.state.message or ""
        self.set_class(bool(message or self.feed.failure), "-complaint")
        self.query_one(HeadLine).update()
        for line in self.query(TextLine):
            line.update()
        for tabs in self.query(TabLine):
            tabs.update()

    def _set_window(self, now: int) -> None:
        """The timeline runs from the run's start to its end, or a little past now."""
        run = self.run_seen
        first = run.start_time if run.start_time is not None else run.created
        length = (run.duration(now) or 0) if run.start_time is not None else 0
        if run.is_live:
            shown = self.table.window[1] - first
            if self.table.window[0] == first and length <= shown <= 2 * length + 5 * fmt.SECOND:
                return
            length = round(max(length, 2 * fmt.SECOND) * _AHEAD)
        self.table.set_window(first, first + max(length, 1000))

    def _begin_anew(self) -> None:
        """Another ledger stands behind the address: nothing that was shown is there any more."""
        self.app.pop_screen()

    def _say_why_empty(self) -> None:
        table, feed = self.table, self.feed
        if feed.failure:
            lines: tuple[str, ...] = (fmt.one_line(feed.failure),)
        elif feed.loading_tasks:
            lines = ("Loading …",)
        elif self._filter:
            lines = ("No task fits the filter. Press esc to see all.",)
        elif self.run_seen.is_over:
            lines = ("This run called no tasks.",)
        else:
            lines = ("No tasks yet.",)
        if lines != table.empty_lines:
            table.empty_lines = lines
            table.refresh()

    def _draw_details(self) -> None:
        self.details_view.set_lines(
            detail_lines(
                self.run_seen,
                self.feed.details,
                self.gateway.now(),
                width=self.details_view.inner_width,
                names=self.children_list.rows,
                utc=self.monitor.times == "utc",
                ascii_only=self.monitor.ascii_only,
            )
        )

    # -- lines ----------------------------------------------------------------------------------

    @property
    def _task_counts(self) -> dict[str, int]:
        """The service's counts; they are right even where not all tasks are loaded."""
        return dict(self.run_seen.counts) or dict(self.children_list.counts)

    def _state_line(self, width: int) -> list[Piece]:
        run, plain = self.run_seen, self.monitor.ascii_only
        glyph, ink = fmt.look(run.state.type, run.state.name, ascii_only=plain)
        length = run.duration(self.gateway.now())
        text = fmt.ticking(length) if run.is_live else fmt.duration(length)
        pieces: list[Piece] = [(f" {glyph} {run.state.name}", ink), (f"  {text}", "strong")]
        if run.retries:
            word = "retry" if run.retries == 1 else "retries"
            pieces.append((f"  {'r' if plain else '↻'} {run.retries} {word}", "retrying"))
        if self.kind == "flow":
            counts = self._task_counts
            done, total = fmt.tally(counts)
            if total:
                pieces.append((f"   {done:,}/{total:,} tasks ", "text"))
                pieces += fmt.bar(counts, max(8, min(40, width // 5)), ascii_only=plain)
            for kind in ("FAILED", "CRASHED", "RUNNING", "SCHEDULED", "PENDING"):
                if counts.get(kind):
                    mark, own = fmt.look(kind, ascii_only=plain)
                    pieces.append((f"  {mark} {counts[kind]:,}", own))
        return sides(pieces, self.pause_pieces(), width)

    def _complaint_line(self, width: int) -> list[Piece]:
        run = self.run_seen
        text = self.feed.failure or run.state.message or ""
        ink = "failed" if self.feed.failure else fmt.look(run.state.type)[1]
        return [("   " + fmt.one_line(text), ink if ink in {"failed", "crashed"} else "dim")]

    def _tab(self, pane: str, text: str) -> tuple[str, str, bool]:
        is_open = pane == self.pane or (self.is_wide and pane == self._left_pane != "logs"
                                        and self.pane == "logs")  # fmt: skip
        return pane, text, is_open

    def _tabs(self, panes: list[str]) -> list[tuple[str, str, bool]]:
        words = {"tasks": "Tasks", "logs": "Logs", "details": "Details"}
        numbers = {"tasks": f" {len(self.children_list.rows) - self.children_list.flow_runs:,}",
                   "logs": f" {len(self.log_view.store.records):,}"}  # fmt: skip
        if self.feed.older_logs:
            numbers["logs"] += "+"
        if self.feed.bounded or self.feed.loading_tasks:
            numbers["tasks"] += "+"
        return [self._tab(pane, words[pane] + numbers.get(pane, "")) for pane in panes]

    def _left_tabs(self) -> list[tuple[str, str, bool]]:
        return self._tabs([pane for pane in self.panes if pane != "logs" or not self.is_wide])

    def _right_tabs(self) -> list[tuple[str, str, bool]]:
        return self._tabs(["logs"] if self.is_wide else self.panes)

    def _left_status(self) -> list[Piece]:
        if self._left_pane != "tasks":
            return []
        pieces = filter_status(self._filter, self.filter_text) if self.pane == "tasks" else []
        if self._filter:
            pieces.append((f"{len(self.children_list.keys):,} shown  ", "text"))
        if self.feed.bounded:
            pieces.append((f"the first {TASK_BOUND:,} only  ", "retrying"))
        if self.table.tail:
            mark = "* " if self.monitor.ascii_only else "● "
            return [*pieces, (mark, "completed"), ("following", "dim")]
        pieces.append((f"sort: {self.children_list.order.value}", "dim"))
        return pieces

    def _log_status(self) -> list[Piece]:
        view = self.log_view
        pieces: list[Piece] = []
        if view.store.search:
            pieces.append((f"/ {fmt.one_line(view.store.search)}  ", "accent"))
        if view.store.min_level:
            pieces.append((f"{view.level_word}  ", "accent"))
        if view.wrap:
            pieces.append(("wrap  ", "dim"))
        if view.follow:
            mark = "* " if self.monitor.ascii_only else "● "
            pieces += [(mark, "completed"), ("following", "dim")]
        elif view.unseen:
            pieces.append((f" +{view.unseen:,} new, F follows ", "tab"))
        else:
            pieces.append(("F follows", "dim"))
        return pieces

    def _source(self, row: LogRow) -> str:
        """What wrote a log line: a task run's name or a flow run's, or a logger of the user's.

        What a task run says itself needs no name in its own view.
        """
        rows = self.children_list.rows
        task = rows.get(row.task_run_id or "")
        if task is not None:
            return task.name
        if self.kind == "flow" and row.flow_run_id not in (None, self.run_id):
            subflow = rows.get(row.flow_run_id or "")
            if subflow is not None:
                return ("-> " if self.monitor.ascii_only else "↳ ") + subflow.group
            self._nameless = True
            return "subflow"
        if self.kind == "flow" and row.task_run_id is not None:
            self._nameless = True
            return "task run"
        if row.logger in RUN_LOGGERS:
            return self.run_seen.name if self.kind == "flow" else ""
        return row.logger.removeprefix("headrace.")

    @on(VirtualLog.Changed)
    def _log_changed(self) -> None:
        for tabs in self.query(TabLine):
            tabs.update()

    @on(VirtualLog.WantsOlder)
    def _log_wants_older(self) -> None:
        self.feed.want_older_logs()

    # -- actions --------------------------------------------------------------------------------

    def apply_filter(self, chosen: Filter) -> None:
        """Filter the open pane: tasks by the filter language, logs by plain text."""
        if self.pane == "logs":
            level = 40 if self.trouble_only else 0
            self.log_view.choose(search=self.filter_text.strip(), min_level=level)
            return
        self._filter = chosen
        self.children_list.choose(chosen, self.gateway.now())
        self.table.set_keys(self.children_list.keys)
        self._say_why_empty()

    def action_cycle_sort(self) -> None:
        """The next order."""
        orders: list[Sort] = [order for order in Sort if order is not Sort.CREATED]
        place = orders.index(self.children_list.order)
        self.children_list.sort(self.gateway.now(), orders[(place + 1) % len(orders)])
        self.table.set_tail(False)
        self.table.set_keys(self.children_list.keys)
        self.table.select(0)
        self._set_tail()
        self.update_lines()

    def action_open(self) -> None:
        """Open the task run or subflow run under the cursor."""
        if self.pane == "tasks" and self.table.selected is not None:
            self.app.push_screen(RunScreen(self.table.selected))

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        self.app.push_screen(RunScreen(self.children_list.rows[event.key]))


def filter_status(chosen: Filter, text: str) -> list[Piece]:
    """The filter in words."""
    if chosen.complaint:
        return [(chosen.complaint + "  ", "retrying")]
    words = " ".join(part for part in ("failed" if chosen.trouble_only else "", text) if part)
    return [(f"/ {fmt.one_line(words)}  ", "accent")] if words else []
