"""A scrolling view that draws only the rows on the screen, however many there are.

It keeps its own place and draws its own scroll bar: with Textual's, a change of the number of rows
lays the screen out anew and paints twice. Here one change is one paint, of the lines concerned.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip

from headrace_tui.actions import Scope, bindings
from headrace_tui.widgets.inked import Inked


class VirtualView(Inked, can_focus=True):
    """The base of tables and logs. Rows are numbered from 0; `top` is the first one shown."""

    DEFAULT_CSS = "VirtualView { height: 1fr; width: 1fr; }"
    BINDINGS = bindings(Scope.LIST)

    #: Lines above the rows that do not scroll.
    header_lines = 0

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.top = 0
        self._thumb = (0, 0)
        self._dragging = False

    # -- what a subclass says -------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row, `width` cells wide."""
        raise NotImplementedError

    def draw_header(self, y: int, width: int) -> Strip:
        """Draw one of the lines that do not scroll."""
        raise NotImplementedError

    def draw_empty(self, y: int, width: int) -> Strip:
        """Draw a line under the last row; `y` counts from the first such line."""
        return self.strip((), width)

    def moved(self) -> None:
        """Told after each change of place."""

    # -- places ---------------------------------------------------------------------------------

    @property
    def page_size(self) -> int:
        """How many rows fit."""
        return max(1, self.size.height - self.header_lines)

    @property
    def inner_width(self) -> int:
        """The width of a row in cells; the last column is the scroll bar's."""
        return max(1, self.size.width - 1)

    @property
    def last_top(self) -> int:
        """The place at which the last row stands on the last line."""
        return max(0, self.row_count - self.page_size)

    @property
    def at_end(self) -> bool:
        """Whether the last row is on the screen."""
        return self.top >= self.last_top

    def go(self, top: int) -> bool:
        """Make `top` the first row shown, as far as possible. Returns whether that is a change."""
        top = min(max(0, top), self.last_top)
        if top == self.top:
            return False
        self.top = top
        self.refresh()
        self.moved()
        return True

    def redraw_rows(self, indexes: Iterable[int]) -> None:
        """Paint some rows again, those of them that are on the screen."""
        width, height = self.size
        regions = [
            Region(0, y, width, 1)
            for y in (index - self.top + self.header_lines for index in indexes)
            if self.header_lines <= y < height
        ]
        if regions:
            self.refresh(*regions)

    def redraw_scrollbar(self) -> None:
        """Paint the scroll bar again if its thumb has moved."""
        if self._thumb != self._measure_thumb():
            width, height = self.size
            self.refresh(Region(width - 1, 0, 1, height))

    # -- drawing --------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget."""
        width = self.inner_width
        if y < self.header_lines:
            strip = self.draw_header(y, width)
        else:
            index = self.top + y - self.header_lines
            if index < self.row_count:
                strip = self.draw_row(index, width)
            else:
                strip = self.draw_empty(index - self.row_count, width)
        return Strip([*strip, self._scrollbar_cell(y)], self.size.width)

    def _measure_thumb(self) -> tuple[int, int]:
        """The first line of the scroll bar's thumb and the one after its last."""
        rows, page = self.row_count, self.page_size
        if rows <= page:
            return (0, 0)
        length = max(1, page * page // rows)
        start = (page - length) * self.top // max(1, rows - page)
        return (start, start + length)

    def _scrollbar_cell(self, y: int) -> Segment:
        if y == 0 or self._thumb == (0, 0):
            self._thumb = self._measure_thumb()
        start, stop = self._thumb
        inside = start <= y - self.header_lines < stop
        glyph = ("#" if self.ascii_only else "▐") if inside else " "
        return Segment(glyph, self.ink("dim"))

    # -- keys and mouse -------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Move by some rows."""
        self.go(self.top + rows)

    def action_page(self, pages: int) -> None:
        """Move by some pages."""
        self.action_move(pages * max(1, self.page_size - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.go(self.last_top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel."""
        event.stop()
        event.prevent_default()
        self.go(self.top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel."""
        event.stop()
        event.prevent_default()
        self.go(self.top - 3)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the scroll bar."""
        if event.x == self.size.width - 1 and self.row_count > self.page_size:
            self._dragging = True
            self.capture_mouse()
            self._drag(event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the scroll bar."""
        if self._dragging:
            self._drag(event.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of the scroll bar."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _drag(self, y: int) -> None:
        room = max(1, self.page_size - 1)
        self.go((y - self.header_lines) * self.last_top // room)

    def on_resize(self) -> None:
        """Keep the place within what there is; a paint may have come before this event."""
        self.top = self.top_after_resize()
        self.refresh()

    def top_after_resize(self) -> int:
        """The first row to show at the new size."""
        return min(self.top, self.last_top)
