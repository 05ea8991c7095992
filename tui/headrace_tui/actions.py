"""Every action of the monitor, once: from here come keys, key line, palette, help and docs.

An action is carried out by a method `action_<command>` of whatever its scope names; a test holds
the two together. The `id` names it in a user's key map.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType


class Scope(enum.Enum):
    """Where an action is understood; the value is its heading in the help."""

    RUNS = "Flow runs"
    RUN = "One run"
    LOG = "Logs"
    SCREEN = "Every list"
    LIST = "Moving"
    APP = "Everywhere"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person can have done.

    Args:
        id: its name in a key map, such as `runs.open`.
        keys: Textual's names of its keys, separated by commas.
        command: the name of the method that does it, without `action_`.
        label: one or two words, for the key line.
        help: one line, for help, palette and docs.
        hint: whether the key line shows it.
    """

    id: str
    keys: str
    command: str
    label: str
    help: str
    scope: Scope
    hint: bool = False

    @property
    def shown_keys(self) -> str:
        """Its keys as people write them, such as `j ↓`."""
        return " ".join(key_name(key) for key in self.keys.split(","))


_KEY_NAMES = {
    "down": "↓", "up": "↑", "left": "←", "right": "→", "escape": "esc", "question_mark": "?",
    "slash": "/", "colon": ":", "pagedown": "pgdn", "pageup": "pgup", "minus": "-",
    "left_square_bracket": "[", "right_square_bracket": "]", "shift+tab": "shift+tab",
}  # fmt: skip


def key_name(key: str) -> str:
    """How people write one of Textual's key names."""
    return _KEY_NAMES.get(key, key)


REGISTRY: tuple[Action, ...] = (
    Action("app.back", "q,escape", "back", "back", "Back; at the start, quit", Scope.APP,
           hint=True),
    Action("app.quit", "ctrl+c,ctrl+q", "quit", "quit", "Quit", Scope.APP),
    Action("app.help", "question_mark,f1", "help", "help", "The keys of this view", Scope.APP,
           hint=True),
    Action("app.palette", "ctrl+p,colon", "command_palette", "cmd", "Find a command by its name",
           Scope.APP, hint=True),
    Action("app.retry", "ctrl+r", "reconnect", "reconnect", "Try the connection again now",
           Scope.APP),
    Action("app.times", "T", "cycle_times", "times", "Times of day: local, UTC, or how long ago",
           Scope.APP),
    Action("app.theme", "ctrl+t", "change_theme", "theme", "Choose the colours", Scope.APP),
    Action("app.picture", "ctrl+s", "save_picture", "picture", "Save this view as an SVG file",
           Scope.APP),
    Action("list.down", "j,down", "move(1)", "down", "One row down", Scope.LIST),
    Action("list.up", "k,up", "move(-1)", "up", "One row up", Scope.LIST),
    Action("list.page_down", "ctrl+d,pagedown,space", "page(1)", "page down", "One page down",
           Scope.LIST),
    Action("list.page_up", "ctrl+u,pageup", "page(-1)", "page up", "One page up", Scope.LIST),
    Action("list.first", "g,home", "first", "first", "To the first row", Scope.LIST),
    Action("list.last", "G,end", "last", "last", "To the last row; what is live follows",
           Scope.LIST),
    Action("screen.filter", "slash", "filter", "filter", "Show only what fits, as you type",
           Scope.SCREEN, hint=True),
    Action("screen.failed", "f", "toggle_failed", "failed", "Only what failed or crashed",
           Scope.SCREEN, hint=True),
    Action("screen.pause", "p", "toggle_pause", "pause",
           "Hold the picture still; what happens is counted and shown after", Scope.SCREEN,
           hint=True),
    Action("screen.copy", "y", "copy_id", "copy id",
           "Copy the id of the row under the cursor, through the terminal (also over ssh)",
           Scope.SCREEN),
    Action("runs.open", "enter,right", "open", "open", "Open the run under the cursor", Scope.RUNS,
           hint=True),
    Action("run.open", "enter", "open", "open", "Open the task run or subflow under the cursor",
           Scope.RUN, hint=True),
    Action("run.next_pane", "tab", "next_pane(1)", "pane", "To the next pane", Scope.RUN,
           hint=True),
    Action("run.previous_pane", "shift+tab", "next_pane(-1)", "pane back", "To the pane before",
           Scope.RUN),
    Action("run.tasks", "1,t", "show('tasks')", "tasks", "The tasks", Scope.RUN),
    Action("run.logs", "2,l", "show('logs')", "logs", "The logs", Scope.RUN, hint=True),
    Action("run.details", "3,d", "show('details')", "details",
           "Parameters, times and the history of states", Scope.RUN, hint=True),
    Action("run.sort", "s", "cycle_sort", "sort",
           "Sort by start, latest start, failed first, slowest", Scope.RUN, hint=True),
    Action("log.follow", "F", "toggle_follow", "follow", "Follow the newest line, or stay",
           Scope.LOG, hint=True),
    Action("log.level", "L", "cycle_level", "level", "The least level shown: all, info, …",
           Scope.LOG, hint=True),
    Action("log.wrap", "w", "toggle_wrap", "wrap", "Wrap long lines, or cut them", Scope.LOG,
           hint=True),
    Action("log.left", "h,left", "sideways(-8)", "left", "Sideways to the left", Scope.LOG),
    Action("log.right", "right", "sideways(8)", "right", "Sideways to the right", Scope.LOG),
    Action("log.next_error", "e", "find_error(1)", "next error", "To the next error line",
           Scope.LOG),
    Action("log.previous_error", "E", "find_error(-1)", "error before",
           "To the error line before", Scope.LOG),
)  # fmt: skip


def actions(*scopes: Scope) -> list[Action]:
    """The actions of some scopes, scope after scope."""
    return [action for scope in scopes for action in REGISTRY if action.scope is scope]


def bindings(*scopes: Scope) -> list[BindingType]:
    """Textual's bindings for the actions of some scopes; quitting works whatever has the focus."""
    return [
        Binding(
            action.keys,
            action.command,
            action.help,
            show=False,
            priority=action.id == "app.quit",
            id=action.id,
        )
        for action in actions(*scopes)
    ]


def markdown() -> str:
    """The tables of keys for the documentation."""
    parts: list[str] = []
    for scope in Scope:
        parts.append(f"**{scope.value}**\n\n| keys | |\n|---|---|")
        parts.extend(f"| {_code(action)} | {action.help} |" for action in actions(scope))
        parts.append("")
    return "\n".join(parts).strip() + "\n"


def _code(action: Action) -> str:
    return " ".join(f"`{name}`" for name in action.shown_keys.split())


#: The way out and the way to all other keys: where there is little room, these give way last.
_KEPT = ("app.back", "app.help")


def hints(chosen: Iterable[Action], room: int) -> list[tuple[str, str]]:
    """(key, label) pairs for the key line: as many as fit, in the order of `chosen`.

    Args:
        chosen: the actions that are understood, the nearest first.
        room: how many cells there are; a pair takes one between key and label, and two after.
    """
    shown = [action for action in chosen if action.hint]
    pairs = {action.id: (key_name(action.keys.split(",")[0]), action.label) for action in shown}
    left = room + 2  # nothing need follow the last one
    fitting: set[str] = set()
    for name in sorted(pairs, key=lambda name: name not in _KEPT):
        left -= sum(map(len, pairs[name])) + 3
        if left < 0:
            break
        fitting.add(name)
    return [pair for name, pair in pairs.items() if name in fitting]
