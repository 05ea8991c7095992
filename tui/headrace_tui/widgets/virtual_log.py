"""A log view of any length: it follows the newest line until one scrolls up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from headrace_tui import format as fmt
from headrace_tui.actions import Scope, bindings
from headrace_tui.format import Piece
from headrace_tui.models import LogRow
from headrace_tui.widgets.log_lines import BOUND, LogLines, TextLine, WrapIndex
from headrace_tui.widgets.virtual_view import VirtualView

LEVELS = ((0, "all"), (20, "≥INFO"), (30, "≥WARNING"), (40, "≥ERROR"))


class VirtualLog(VirtualView):
    """Log lines with their time, level and source.

    Scrolling up stops following; what comes then is counted. `F`, `G` or scrolling to the end
    follows again.
    """

    BINDINGS = bindings(Scope.LOG)

    class Changed(Message):
        """Follow, level, wrap or the number of lines has changed."""

        def can_replace(self, message: Message) -> bool:
            """One is as good as many."""
            return isinstance(message, VirtualLog.Changed)

    class WantsOlder(Message):
        """The oldest line that is at hand is on the screen."""

        def can_replace(self, message: Message) -> bool:
            """One is as good as many."""
            return isinstance(message, VirtualLog.WantsOlder)

    def __init__(
        self, *, bound: int = BOUND, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.store = LogLines(bound)
        self.follow = True
        self.unseen = 0
        self.wrap = False
        self.left = 0
        self.utc = False
        self._longest_source = 0
        self.empty_text = "No log lines yet."
        self._wrapped = WrapIndex()
        self._wrap_width = -1
        self._strips: dict[int, Strip] = {}
        self._strip_key: tuple[object, ...] = ()

    # -- content --------------------------------------------------------------------------------

    def set_source(self, source: Callable[[LogRow], str]) -> None:
        """Say how to name what wrote a record."""
        self.store.source = source

    def append(self, rows: Sequence[LogRow]) -> None:
        """Add newer records: one paint, whatever their number."""
        if not rows:
            return
        self._measure_sources(rows)
        was_short = self.row_count < self.page_size
        added, gone = self.store.append(rows)
        self._reindex(added, gone)
        if self.follow:
            self.top = self.last_top
        else:
            self.unseen += added
            self.top = max(0, self.top - gone)
        if gone:
            self._strips.clear()
        if self.follow or was_short or gone:
            self.refresh()
        else:
            self.redraw_scrollbar()
        self.post_message(self.Changed())

    def prepend(self, rows: Sequence[LogRow]) -> None:
        """Add older records; what is on the screen stays where it is."""
        self._measure_sources(rows)
        before = self.row_count
        self.store.prepend(rows)
        self._forget()
        self.top += self.row_count - before
        self.post_message(self.Changed())

    def choose(self, *, min_level: int | None = None, search: str | None = None) -> None:
        """Show only records of at least a level, and with a text in them."""
        self.store.choose(min_level=min_level, search=search)
        self._forget()
        self.top = self.last_top if self.follow else min(self.top, self.last_top)
        self.post_message(self.Changed())

    def rename_sources(self) -> None:
        """Names of sources have become known: draw them."""
        self._measure_sources(self.store.records)
        self._forget()

    def _measure_sources(self, rows: Sequence[LogRow]) -> None:
        """The column of sources is as wide as the longest that was seen, within limits."""
        if self._longest_source >= 24 or not rows:
            return
        longest = max(fmt.cells(self.store.source(row)) for row in rows[-1000:])
        if longest > self._longest_source:
            self._longest_source = longest
            self._forget()

    def _forget(self) -> None:
        self._wrap_width = -1
        self._strips.clear()
        self.refresh()

    def _reindex(self, added: int, gone: int) -> None:
        """Keep the index of wrapped lines in step with the lines."""
        if self.wrap and self._wrap_width == self.text_width and not gone:
            self._wrapped.extend()
        else:
            self._wrap_width = -1

    # -- places ---------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """How many rows the shown lines take."""
        if not self.wrap:
            return len(self.store.shown)
        if self._wrap_width != self.text_width:
            self._wrap_width = self.text_width
            self._wrapped.rebuild(self.store.shown, self._wrap_width)
        return self._wrapped.total

    @property
    def _millis(self) -> bool:
        return self.size.width >= 60

    @property
    def source_width(self) -> int:
        """The cells for the source's name."""
        width = self.inner_width
        return 0 if width < 50 else min(self._longest_source, 24, width // 4)

    @property
    def _prefix_width(self) -> int:
        source = self.source_width
        return (12 if self._millis else 8) + 3 + (source + 1 if source else 0)

    @property
    def text_width(self) -> int:
        """The cells for a line's text."""
        return max(8, self.inner_width - self._prefix_width)

    def _place(self, row: int) -> tuple[int, int]:
        """The line on a row, and which of its rows."""
        return self._wrapped.locate(row) if self.wrap and self.row_count else (row, 0)

    def moved(self) -> None:
        """Follow at the end, stay anywhere else."""
        follow = self.at_end
        if follow:
            self.unseen = 0
        if follow != self.follow or not follow:
            self.follow = follow
            self.post_message(self.Changed())
        if self.top < self.page_size:
            self.post_message(self.WantsOlder())

    # -- drawing --------------------------------------------------------------------------------

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row of a line."""
        key = (width, self.wrap, self.left, self.utc)
        if key != self._strip_key or len(self._strips) > 4096:
            self._strip_key = key
            self._strips.clear()
        strip = self._strips.get(index)
        if strip is None:
            strip = self._strips[index] = self._draw(index, width)
        return strip

    def _draw(self, index: int, width: int) -> Strip:
        place, part = self._place(index)
        line = self.store.shown[place]
        letter, ink = fmt.level_look(line.row.level)
        pieces: list[Piece]
        if line.part or part:
            pieces = [(" " * self._prefix_width, "dim")]
        else:
            time = fmt.clock(line.row.at, utc=self.utc, millis=self._millis)
            pieces = [(time, "dim"), (f" {letter} ", ink)]
            if source := self.source_width:
                ellipsis = "~" if self.ascii_only else "…"
                name = fmt.fit_name(self.store.source(line.row), source, ellipsis=ellipsis)
                pieces.append((name + " ", "accent"))
        if self.wrap:
            step = fmt.fold_width(line.text, self.text_width)
            text = fmt.fold_row(line.text, part * step, step)
        else:
            text = fmt.cut(line.text, self.left, self.text_width)
        pieces.append((text, "trouble" if ink in {"failed", "crashed"} else ink))
        if not self.wrap and line.size > self.left + self.text_width:
            pieces = [*pieces[:-1], (fmt.cut(text, 0, self.text_width - 1), pieces[-1][1])]
            pieces.append((">" if self.ascii_only else "›", "dim"))
        return self.strip(pieces, width)

    def draw_empty(self, y: int, width: int) -> Strip:
        """Say what is missing."""
        if y == 0 and not self.row_count:
            return self.strip([(self.empty_text, "dim")], width)
        return self.strip((), width)

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self._strips.clear()

    def top_after_resize(self) -> int:
        """Keep the end in sight while following."""
        self._strips.clear()
        return self.last_top if self.follow else min(self.top, self.last_top)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Scroll sideways by the wheel."""
        event.stop()
        self.action_sideways(4)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Scroll sideways by the wheel."""
        event.stop()
        self.action_sideways(-4)

    # -- actions --------------------------------------------------------------------------------

    def action_last(self) -> None:
        """To the newest line, and follow."""
        self._set_follow(True)

    def action_toggle_follow(self) -> None:
        """Follow, or stay."""
        self._set_follow(not self.follow)

    def _set_follow(self, follow: bool) -> None:
        self.follow = follow
        if follow:
            self.unseen = 0
            self.top = self.last_top
        self.refresh()
        self.post_message(self.Changed())

    def action_cycle_level(self) -> None:
        """The next least level."""
        levels = [level for level, _ in LEVELS]
        place = levels.index(self.store.min_level) if self.store.min_level in levels else 0
        self.choose(min_level=levels[(place + 1) % len(levels)])

    @property
    def level_word(self) -> str:
        """The least level, in words."""
        word = dict(LEVELS).get(self.store.min_level, f"≥{self.store.min_level}")
        return word.replace("≥", ">=") if self.ascii_only else word

    def action_toggle_wrap(self) -> None:
        """Wrap long lines, or cut them; the first line on the screen stays there."""
        place = self._place(self.top)[0] if self.row_count else 0
        self.wrap = not self.wrap
        self.left = 0
        self._forget()
        rows = self.row_count
        top = self._wrapped.row_of(place) if self.wrap and rows else place
        self.top = self.last_top if self.follow else min(top, self.last_top)
        self.post_message(self.Changed())

    def action_sideways(self, columns: int) -> None:
        """Scroll long lines sideways."""
        longest = max((line.size for line in self._shown_lines()), default=0)
        most = max(0, longest - self.text_width)
        left = min(max(0, self.left + columns), most) if not self.wrap else 0
        if left != self.left:
            self.left = left
            self.refresh()

    def _shown_lines(self) -> list[TextLine]:
        return list(self.store.shown[self.top : self.top + self.page_size])

    def action_find_error(self, direction: int) -> None:
        """To the next, or the last, line of level ERROR or above."""
        shown = self.store.shown
        here = self._place(self.top)[0] if self.row_count else 0
        places = range(here + 1, len(shown)) if direction > 0 else range(here - 1, -1, -1)
        for place in places:
            line = shown[place]
            if line.row.level >= 40 and line.part == 0:
                rows = self.row_count
                self.follow = False
                self.go(self._wrapped.row_of(place) if self.wrap and rows else place)
                return
        self.app.bell()
