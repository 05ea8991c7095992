"""A table of any length whose cursor stays on its entity while rows come, go and change places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from headrace_tui.format import Piece, cells, fit
from headrace_tui.widgets.columns import GAP, Column, Layout, lay_out
from headrace_tui.widgets.virtual_view import VirtualView

#: Cells before the first column, for the cursor's mark.
MARGIN = 2


class VirtualTable(VirtualView):
    """Rows named by keys. A subclass draws the cells of a key; the table knows nothing of them."""

    header_lines = 1
    columns: Sequence[Column] = ()
    #: Whether the cursor stays on its entity even before anybody has moved it.
    sticky_from_start = True

    class Opened(Message):
        """A row was clicked on that the cursor already stood on."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class CursorMoved(Message):
        """The cursor stands on another entity."""

        def can_replace(self, message: Message) -> bool:
            """Only the last place matters."""
            return isinstance(message, VirtualTable.CursorMoved)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.keys: Sequence[str] = ()
        self.cursor = 0
        self.cursor_key: str | None = None
        #: Whether the front is kept in sight as it moves on, with no cursor until one is moved.
        self.tail = False
        #: How many rows there are up to the front: those that have begun. None is all.
        self.front: int | None = None
        self.can_tail = False
        self._untouched = True
        self._strips: dict[str, Strip] = {}
        self._layout: Layout = []
        self._layout_width = -1

    # -- what a subclass says -------------------------------------------------------------------

    def draw_cell(self, key: str, column: Column, width: int) -> Sequence[Piece] | str:
        """What stands in a cell; clean of control characters, of any length."""
        raise NotImplementedError

    def draw_title(self, column: Column, width: int) -> str:
        """A column's heading."""
        return column.title

    # -- rows -----------------------------------------------------------------------------------

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.keys)

    def set_keys(self, keys: Sequence[str]) -> None:
        """Show these rows in this order.

        The cursor stays on its entity, and the entity on its line, unless the list's head is on
        the screen: then rows flow in there, as long as the cursor remains in sight.
        """
        old_keys, old_cursor, old_top = self.keys, self.cursor, self.top
        self.keys = keys
        if self.tail:
            self.cursor, self.cursor_key = max(0, self._front - 1), None
            self.top = self._tail_top
            self._redraw_changed(old_keys, old_top, old_cursor)
            return
        self.cursor = self._find_cursor(old_cursor)
        self.cursor_key = keys[self.cursor] if keys else None
        if old_top == 0 and self.cursor < self.page_size:
            top = 0
        else:
            top = self.cursor - (old_cursor - old_top)
        self.top = min(max(0, top), self.last_top)
        self._redraw_changed(old_keys, old_top, old_cursor)

    @property
    def _front(self) -> int:
        return len(self.keys) if self.front is None else min(self.front, len(self.keys))

    @property
    def _tail_top(self) -> int:
        """The place at which the front is in sight, with a little of what comes after it."""
        after = min(len(self.keys) - self._front, self.page_size // 5)
        return min(max(0, self._front + after - self.page_size), self.last_top)

    def _find_cursor(self, old: int) -> int:
        keys, key = self.keys, self.cursor_key
        if not keys or key is None or (self._untouched and not self.sticky_from_start):
            return 0
        if old < len(keys) and keys[old] == key:
            return old
        try:
            return keys.index(key)
        except ValueError:
            return min(old, len(keys) - 1)

    def _redraw_changed(self, old_keys: Sequence[str], old_top: int, old_cursor: int) -> None:
        """Paint the lines that now show another row than before."""
        page = self.page_size
        before = old_keys[old_top : old_top + page]
        after = self.keys[self.top : self.top + page]
        longest = max(len(before), len(after))
        changed = {
            self.top + line
            for line in range(longest)
            if line >= len(before) or line >= len(after) or before[line] != after[line]
        }
        if not self.tail and old_cursor - old_top != self.cursor - self.top:
            changed |= {self.top + old_cursor - old_top, self.cursor}
        if not old_keys or not self.keys:
            self.refresh()
        else:
            self.redraw_rows(changed)
            self.redraw_scrollbar()

    def touch(self, keys: Iterable[str]) -> None:
        """What these keys stand for has changed: paint those of them that are on the screen."""
        strips = self._strips
        for key in keys:
            strips.pop(key, None)
        shown = enumerate(self.keys[self.top : self.top + self.page_size], self.top)
        self.redraw_rows(index for index, key in shown if key not in strips)

    @property
    def shown_keys(self) -> Sequence[str]:
        """The keys of the rows on the screen."""
        return self.keys[self.top : self.top + self.page_size]

    def forget_drawn(self) -> None:
        """Draw everything anew: what all rows depend on has changed."""
        self._strips.clear()
        self._layout_width = -1
        self.refresh()

    # -- the cursor -----------------------------------------------------------------------------

    def select(self, index: int) -> None:
        """Put the cursor on a row, scrolling as little as need be."""
        if not self.keys:
            return
        self._untouched = False
        if self.tail:
            self.set_tail(False)
        old, self.cursor = self.cursor, min(max(0, index), len(self.keys) - 1)
        self.cursor_key = self.keys[self.cursor]
        top = min(max(self.top, self.cursor - self.page_size + 1), self.cursor)
        if not self.go(top):
            self.redraw_rows((old, self.cursor))
        if old != self.cursor:
            self.post_message(self.CursorMoved())

    def set_tail(self, tail: bool) -> None:
        """Keep the last row in sight, or stand on a row."""
        self.tail = tail
        if tail:
            self.set_keys(self.keys)
            self.redraw_rows((self.cursor,))
        elif self.keys:
            self._untouched = False
            self.cursor_key = self.keys[self.cursor]
            self.redraw_rows((self.cursor,))

    def action_move(self, rows: int) -> None:
        """Move the cursor; the first key after following puts it on the last row."""
        self.select(self.cursor + (0 if self.tail and abs(rows) == 1 else rows))

    def action_first(self) -> None:
        """The cursor to the first row."""
        self.select(0)

    def action_last(self) -> None:
        """The cursor to the last row, or follow what is still coming."""
        if self.can_tail:
            self.set_tail(True)
        else:
            self.select(len(self.keys) - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; on the same row again, open it."""
        index = self.top + event.y - self.header_lines
        if event.y < self.header_lines or index >= len(self.keys) or event.x >= self.inner_width:
            return
        if index == self.cursor and not self.tail:
            self.post_message(self.Opened(self.keys[index]))
        self.select(index)

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self.redraw_rows((self.cursor,))

    def on_blur(self) -> None:
        """The cursor looks different without the focus."""
        self.redraw_rows((self.cursor,))

    # -- drawing --------------------------------------------------------------------------------

    def columns_for(self, width: int) -> Layout:
        """The columns that have room in `width` cells, and their widths."""
        if width != self._layout_width:
            self._layout_width = width
            self._layout = lay_out(self.columns, max(1, width - MARGIN))
            self._strips.clear()
        return self._layout

    def draw_header(self, y: int, width: int) -> Strip:
        """Draw the columns' headings."""
        pieces: list[Piece] = [(" " * MARGIN, "title")]
        for number, (column, size) in enumerate(self.columns_for(width)):
            if number:
                pieces.append((" " * GAP, "title"))
            pieces.append((fit(self.draw_title(column, size), size, right=column.right), "title"))
        return self.strip(pieces, width)

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a row; what was drawn before and has not changed is not drawn again."""
        layout = self.columns_for(width)
        key = self.keys[index]
        if index == self.cursor and not self.tail:
            pieces = self._row_pieces(key, layout, "> " if self.ascii_only else "❯ ")
            return self.strip(pieces, width, "cursor" if self.has_focus else "mark")
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) > 4096:
                self._strips.clear()
            strip = self.strip(self._row_pieces(key, layout, " " * MARGIN), width)
            self._strips[key] = strip
        return strip

    def _row_pieces(self, key: str, layout: Layout, margin: str) -> list[Piece]:
        ellipsis = "~" if self.ascii_only else "…"
        pieces: list[Piece] = [(margin, "text")]
        for number, (column, width) in enumerate(layout):
            if number:
                pieces.append((" " * GAP, "text"))
            cell = self.draw_cell(key, column, width)
            if isinstance(cell, str):
                pieces.append((fit(cell, width, right=column.right, ellipsis=ellipsis), "text"))
                continue
            size = sum(cells(text) for text, _ in cell)
            if len(cell) == 1 or size > width:
                text = "".join(part for part, _ in cell)
                ink = cell[0][1] if cell else "text"
                pieces.append((fit(text, width, right=column.right, ellipsis=ellipsis), ink))
                continue
            pad = (" " * (width - size), "text")
            pieces.extend([pad, *cell] if column.right else [*cell, pad])
        return pieces

    def notify_style_update(self) -> None:
        """The theme has changed."""
        super().notify_style_update()
        self._strips.clear()

    def top_after_resize(self) -> int:
        """Keep the cursor in sight."""
        if self.tail or not self.keys:
            return self._tail_top
        top = min(self.top, self.last_top)
        return min(max(top, self.cursor - self.page_size + 1), self.cursor)
