"""The list of flow runs, as they come and change."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult

from headrace_tui import format as fmt
from headrace_tui.actions import Scope, bindings
from headrace_tui.feeds import RunsFeed
from headrace_tui.filters import Filter
from headrace_tui.format import Piece
from headrace_tui.models import Run
from headrace_tui.run_list import RunList, Sort
from headrace_tui.screens.base import MonitorScreen
from headrace_tui.screens.run import RunScreen
from headrace_tui.widgets.filter_bar import FilterBar
from headrace_tui.widgets.inked import sides
from headrace_tui.widgets.lines import HeadLine, TextLine
from headrace_tui.widgets.run_tables import FlowRunTable
from headrace_tui.widgets.virtual_table import VirtualTable
from headrace_tui.widgets.virtual_view import VirtualView

NO_RUNS = (
    "No flow runs yet. They show up here the moment they start.",
    "",
    "Run a script with a @flow in it, for example:",
    "",
    "    from headrace import flow",
    "",
    "    @flow(log_prints=True)",
    "    def hello():",
    '        print("it runs")',
    "",
    "    hello()",
)
NO_MATCH = ("No run fits the filter. Press esc to see all.",)
LOADING = ("Loading …",)


class RunsScreen(MonitorScreen):
    """All flow runs, the newest first."""

    BINDINGS = bindings(Scope.RUNS)
    scopes = (Scope.RUNS,)
    filter_hint = "state:failed flow:etl tag:nightly !is:sub text   (enter keeps, esc clears)"

    def __init__(self) -> None:
        super().__init__()
        self.runs = RunList(Sort.CREATED)
        self._filter = Filter()
        self._feed: RunsFeed | None = None
        self._seen = 0

    @property
    def feed(self) -> RunsFeed:
        """The feed of flow runs."""
        if self._feed is None:
            self._feed = RunsFeed(self.gateway)
            self._feed.on_news = self.request_flush
            self._feed.on_reset = self._begin_anew
        return self._feed

    def compose(self) -> ComposeResult:
        """The head, a summary, the table, the keys."""
        yield self.head_line()
        yield TextLine(self._summary, id="summary")
        yield FilterBar()
        yield FlowRunTable(self.gateway.now, id="runs")
        yield self.key_line()

    @property
    def table(self) -> FlowRunTable:
        """The table."""
        return self.query_one(FlowRunTable)

    def crumbs(self) -> list[str]:
        """This is the first screen."""
        return ["Runs"]

    def main_view(self) -> VirtualView:
        """The table."""
        return self.table

    def selected_run(self) -> Run | None:
        """The run under the cursor."""
        return self.table.selected

    def on_mount(self) -> None:
        """Give the table its rows and the focus."""
        self.table.rows = self.runs.rows
        self._say_why_empty()
        self.table.focus()

    # -- painting -------------------------------------------------------------------------------

    def apply_news(self) -> None:
        """Apply what the feed has gathered."""
        changes = self.feed.take()
        self._seen = self.feed.received
        reordered, touched = self.runs.apply(changes, self.gateway.now())
        self._say_why_empty()
        table = self.table
        if reordered or (not self.runs.keys and table.keys is not self.runs.keys):
            table.set_keys(self.runs.keys)
        table.touch(touched)
        self.update_lines()
        self._want_older()

    def tick(self) -> None:
        """Durations grow, the time goes on."""
        if not self.paused:
            self.table.times = self.monitor.times
            self.table.tick()
        self.update_lines()

    def update_lines(self) -> None:
        """The head and the summary."""
        self.query_one(HeadLine).update()
        self.query_one("#summary", TextLine).update()

    def held_back(self) -> int:
        """Changes since painting was paused."""
        return self.feed.received - self._seen

    def _begin_anew(self) -> None:
        """Another ledger stands behind the address: nothing that was shown is there any more."""
        self.runs = RunList(Sort.CREATED)
        self.runs.choose(self._filter, self.gateway.now())
        self.table.rows = self.runs.rows
        self.table.set_keys(self.runs.keys)
        self.table.forget_drawn()

    def _say_why_empty(self) -> None:
        feed, table = self.feed, self.table
        if feed.failure:
            lines: tuple[str, ...] = (fmt.one_line(feed.failure),)
        elif not feed.loaded:
            lines = self.monitor.loading_lines() or LOADING
        elif self._filter:
            lines = NO_MATCH
        else:
            lines = NO_RUNS
        if lines != table.empty_lines:
            table.empty_lines = lines
            table.refresh()

    def _summary(self, width: int) -> list[Piece]:
        counts = self.runs.counts
        shown, known = len(self.runs.keys), len(self.runs.rows)
        plus = "+" if self.feed.has_more else ""
        pieces: list[Piece] = [(" Flow runs ", "strong")]
        number = f"{known:,}{plus}" if shown == known else f"{shown:,} of {known:,}{plus}"
        pieces.append((number, "text"))
        pieces += state_counts(counts, ascii_only=self.monitor.ascii_only)
        if self.feed.failure:
            pieces = [(f" {fmt.one_line(self.feed.failure)}  ctrl+r tries again", "failed")]
        return sides(pieces, [*filter_pieces(self._filter, self.filter_text),
                              *self.pause_pieces()], width)  # fmt: skip

    # -- filter and pages -----------------------------------------------------------------------

    def apply_filter(self, chosen: Filter) -> None:
        """Show the runs that pass; look for more of them in the service."""
        self._filter = chosen
        self.runs.choose(chosen, self.gateway.now())
        self.table.set_keys(self.runs.keys)
        self._say_why_empty()
        self.feed.choose(chosen)

    @on(VirtualTable.CursorMoved)
    def _want_older(self) -> None:
        table = self.table
        if self.feed.has_more and table.top + 3 * table.page_size > table.row_count:
            self.feed.want_older()

    # -- actions --------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Open the run under the cursor."""
        if (run := self.table.selected) is not None:
            self.app.push_screen(RunScreen(run))

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        self.app.push_screen(RunScreen(self.runs.rows[event.key]))


def state_counts(counts: Mapping[str, int], *, ascii_only: bool) -> list[Piece]:
    """How many runs there are in each state that is worth a word."""
    pieces: list[Piece] = []
    for kind, word in (
        ("RUNNING", "running"), ("FAILED", "failed"), ("CRASHED", "crashed"),
        ("SCHEDULED", "scheduled"), ("PENDING", "pending"), ("PAUSED", "paused"),
        ("CANCELLED", "cancelled"),
    ):  # fmt: skip
        if counts.get(kind):
            glyph, ink = fmt.look(kind, ascii_only=ascii_only)
            pieces.append((f"  {glyph} {counts[kind]:,} {word}", ink))
    return pieces


def filter_pieces(chosen: Filter, text: str) -> list[Piece]:
    """The filter in words."""
    if chosen.complaint:
        return [(chosen.complaint + " ", "retrying")]
    words = " ".join(part for part in ("failed" if chosen.trouble_only else "", text) if part)
    return [(f"/ {fmt.one_line(words)} ", "accent")] if words else []
