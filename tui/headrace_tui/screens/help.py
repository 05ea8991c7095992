"""The keys of the view that was on the screen: drawn from the registry."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from headrace_tui.actions import Action, Scope
from headrace_tui.filters import KEYS
from headrace_tui.format import Piece
from headrace_tui.widgets.text_view import TextView


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
        """Write the lines."""
        view = self.query_one(TextView)
        view.set_lines(help_lines(self._chosen))
        view.focus()

    def action_close(self) -> None:
        """Back to the view."""
        self.dismiss()


def help_lines(chosen: list[Action]) -> list[list[Piece]]:
    """The lines of the help."""
    lines: list[list[Piece]] = []
    for scope in Scope:
        mine = [action for action in chosen if action.scope is scope]
        if not mine:
            continue
        lines += [[(scope.value, "strong")]]
        lines += [
            [(f"  {action.shown_keys:<18}", "accent"), (action.help, "text")] for action in mine
        ]
        lines.append([])
    lines.append([("Filters", "strong")])
    lines += [[(f"  {key + ':':<18}", "accent"), (text, "text")] for key, text in KEYS.items()]
    lines.append([("  !word             ", "accent"), ("turns a word around", "text")])
    lines.append([("  a,b               ", "accent"), ("either: state:failed,crashed", "text")])
    return lines
