"""A scrolling view of prepared lines, for details and help."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from headrace_tui.format import Piece
from headrace_tui.widgets.virtual_view import VirtualView


class TextView(VirtualView):
    """Lines of pieces, drawn as they are."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Sequence[Piece]] = ()

    def set_lines(self, lines: Sequence[Sequence[Piece]]) -> None:
        """Show these lines; the place is kept."""
        if lines == self._lines:
            return
        self._lines = lines
        self.top = min(self.top, self.last_top)
        self.refresh()

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a line."""
        return self.strip(self._lines[index], width)
