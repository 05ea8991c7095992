"""The lines around the lists: the head of every view, its foot, and the tabs of a run."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import events
from textual.message import Message

from headrace_tui.actions import Action, hints
from headrace_tui.format import Piece, cells, duration, ticking
from headrace_tui.models import Connection, Link
from headrace_tui.widgets.inked import Line, sides

_MARKS = {
    Link.CONNECTING: ("◌", ".", "waiting"),
    Link.LIVE: ("●", "*", "completed"),
    Link.AWAY: ("○", "o", "retrying"),
    Link.REFUSED: ("✗", "x", "failed"),
}


def connection_pieces(
    connection: Connection, clock: float, *, ascii_only: bool = False
) -> list[Piece]:
    """The connection in words: `● live 12ms`, `○ reconnecting #3 in 4s · data 12s old`.

    Args:
        connection: the connection.
        clock: the monotonic clock's time, in seconds.
        ascii_only: use no symbols outside of ASCII.
    """
    glyph, plain, ink = _MARKS[connection.link]
    mark = (f"{plain if ascii_only else glyph} ", ink)
    match connection.link:
        case Link.LIVE:
            latency = connection.latency
            tail = "" if latency is None else f" {duration(max(1000, round(latency * 1e6)))}"
            return [mark, (f"live{tail}", "text")]
        case Link.AWAY:
            wait = max(0, round((connection.retry_at or clock) - clock))
            words = f"reconnecting #{connection.attempt}" + (f" in {wait}s" if wait else "")
            if connection.lost_at is not None:
                age = ticking(round((clock - connection.lost_at) * 1e6))
                words += f"{' - ' if ascii_only else ' · '}data {age} old"
            return [mark, (words, ink)]
        case Link.REFUSED:
            return [mark, ("refused", ink)]
    return [mark, ("connecting", ink)]


class HeadLine(Line):
    """Where one is, the service's address, the time, and how the connection stands."""

    def __init__(
        self,
        crumbs: Callable[[], list[str]],
        status: Callable[[], tuple[str, str, Connection]],
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._crumbs = crumbs
        self._status = status

    def pieces(self, width: int) -> list[Piece]:
        """Lay the parts out; the address and the time give way on a narrow screen."""
        address, now, connection = self._status()
        right = connection_pieces(connection, time.monotonic(), ascii_only=self.ascii_only)
        left: list[Piece] = [(" headrace", "title")]
        arrow = " > " if self.ascii_only else " › "
        for crumb in self._crumbs():
            left += [(arrow, "dim"), (crumb, "strong")]
        used = sum(cells(text) for text, _ in [*left, *right]) + 3
        for extra in (now, address):
            if extra and used + cells(extra) + 2 <= width:
                right.insert(0, (f"{extra}  ", "dim"))
                used += cells(extra) + 2
        room = width - sum(cells(text) for text, _ in right) - 3
        return sides(_shorten(left, room), [*right, (" ", "text")], width)


def _shorten(pieces: list[Piece], room: int) -> list[Piece]:
    """Drop crumbs from the front, after the first piece, until the rest fits."""
    while len(pieces) > 3 and sum(cells(text) for text, _ in pieces) > room:
        del pieces[1:3]
    return pieces


class TextLine(Line):
    """A line whose text is asked for each time."""

    def __init__(self, draw: Callable[[int], list[Piece]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw

    def pieces(self, width: int) -> list[Piece]:
        """Ask for the text."""
        return self._draw(width)


class KeyLine(Line):
    """The keys of what has the focus: as many hints as there is room for."""

    def __init__(self, chosen: Callable[[], list[Action]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chosen = chosen

    def pieces(self, width: int) -> list[Piece]:
        """Lay the hints out."""
        pieces: list[Piece] = [(" ", "text")]
        for key, label in hints(self._chosen(), width - 1):
            pieces += [(key, "accent"), (f" {label}  ", "dim")]
        return pieces


class TabLine(Line):
    """Tabs at the left, a word on the view at the right."""

    class Chosen(Message):
        """A tab was clicked on."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(
        self,
        tabs: Callable[[], list[tuple[str, str, bool]]],
        status: Callable[[], list[Piece]],
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._tabs = tabs
        self._status = status

    def pieces(self, width: int) -> list[Piece]:
        """Lay the tabs out; each is a name, a text and whether it is the open one."""
        left: list[Piece] = []
        for _, text, is_open in self._tabs():
            left.append((f" {text} ", "tab" if is_open else "dim"))
        return sides(left, [*self._status(), (" ", "text")], width)

    def on_click(self, event: events.Click) -> None:
        """Open the tab that was clicked on."""
        x = event.x
        for name, text, _ in self._tabs():
            x -= cells(text) + 2
            if x < 0:
                self.post_message(self.Chosen(name))
                return
