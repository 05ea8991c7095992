"""Widgets that draw their own lines out of pieces: a text and the name of its ink."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from headrace_tui.format import Piece, cells, cut

#: The inks; `app.tcss` gives each its colour as the component class `ink--<name>`.
INKS = (
    "text", "dim", "strong", "title", "accent", "running", "completed", "failed", "crashed",
    "waiting", "retrying", "paused", "cancelled", "cursor", "mark", "tab", "trouble",
)  # fmt: skip


class Inked(Widget):
    """A widget that is drawn line by line, each line a list of pieces."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{ink}" for ink in INKS}
    ALLOW_SELECT = False

    #: Whether symbols outside of ASCII are avoided.
    ascii_only = False

    def on_mount(self) -> None:
        """Take over what the application was started with."""
        self.ascii_only = bool(getattr(self.app, "ascii_only", False))

    def ink(self, name: str) -> Style:
        """The style that an ink stands for under the present theme."""
        return self.get_component_rich_style(f"ink--{name}")

    def strip(self, pieces: Iterable[Piece], width: int, ink: str | None = None) -> Strip:
        """A line of exactly `width` cells: longer is cut, shorter is filled.

        Args:
            pieces: the line's text; it must be clean of control characters.
            width: its width in cells.
            ink: one ink for all of it, instead of the pieces' own.
        """
        segments: list[Segment] = []
        left = width
        for text, own in pieces:
            size = cells(text)
            if size > left:
                text = cut(text, 0, left)
                size = cells(text)
            if text:
                segments.append(Segment(text, self.ink(ink or own)))
                left -= size
            if left <= 0:
                break
        if left > 0:
            segments.append(Segment(" " * left, self.ink(ink or "text")))
        return Strip(segments, width)


class Line(Inked):
    """A widget of one line. Subclasses say what stands on it."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def pieces(self, width: int) -> list[Piece]:
        """What stands on the line, for a width in cells."""
        raise NotImplementedError

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: list[Piece] | None = None

    def update(self) -> None:
        """Redraw if what stands on the line has changed."""
        if self._drawn is None or self._drawn != self.pieces(self.size.width):
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width = self.size.width
        self._drawn = self.pieces(width)
        return self.strip(self._drawn, width)


def sides(left: list[Piece], right: list[Piece], width: int, gap: int = 2) -> list[Piece]:
    """A line with something at each end; the right end gives way when both do not fit."""
    used = sum(cells(text) for text, _ in left)
    room = width - used - sum(cells(text) for text, _ in right)
    while right and room < gap:
        room += cells(right[0][0])
        right = right[1:]
    return [*left, (" " * max(0, room), "text"), *right]
