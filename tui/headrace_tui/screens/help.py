"""The keys of the view that was on the screen: drawn from the registry."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from headrace_tui.actions import Action, Scope
from headrace_tui.filters import KEYS
from headrace_tui.format import Piece
from headrace_tui.widgets.text_view import TextView

#: Where descriptions begin; the least room for them. In cells.
_INDENT, _LEAST = 20, 12


class HelpScreen(ModalScreen[None]):
    """The keys that are understood, by where they are.

    Args:
        chosen: the actions of the view below.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", show=False)
    ]

    def __init__(self, chosen: list[Action]) -> None:
        super().__init__()
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """A box with the lines."""
        with Vertical(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield TextView(id="help")

    def on_mount(self) -> None:
        """The lines get the keys."""
        self.query_one(TextView).focus()
        self.call_after_refresh(self._write)

    def on_resize(self, event: events.Resize) -> None:
        """There is more room for the lines, or less."""
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        view = self.query_one(TextView)
        view.set_lines(help_lines(self._chosen, view.inner_width))

    def action_close(self) -> None:
        """Back to the view."""
        self.dismiss()


def help_lines(chosen: list[Action], width: int) -> list[list[Piece]]:
    """The lines of the help.

    Args:
        chosen: the actions to tell of.
        width: how many cells a line has; descriptions that are longer take several lines.
    """
    lines: list[list[Piece]] = []
    for scope in Scope:
        mine = [action for action in chosen if action.scope is scope]
        if not mine:
            continue
        lines += [[(scope.value, "strong")]]
        for action in mine:
            lines += _entry(action.shown_keys, action.help, width)
        lines.append([])
    lines.append([("Filters", "strong")])
    for key, text in KEYS.items():
        lines += _entry(f"{key}:", text, width)
    lines += _entry("!word", "turns a word around", width)
    return lines + _entry("a,b", "either: state:failed,crashed", width)


def _entry(key: str, text: str, width: int) -> list[list[Piece]]:
    """What a key does, beside it; further lines stand under the first one."""
    rows = textwrap.wrap(text, max(_LEAST, width - _INDENT))
    heads = [f"  {key}", *[""] * len(rows)]
    return [
        [(f"{head:<{_INDENT}}", "accent"), (row, "text")]
        for head, row in zip(heads, rows, strict=False)
    ]
