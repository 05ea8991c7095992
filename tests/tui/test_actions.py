"""The registry of actions, and what is made of it."""

from __future__ import annotations

from pathlib import Path

from textual.binding import Binding

from headrace_tui.actions import REGISTRY, Action, Scope, bindings, markdown
from headrace_tui.app import MonitorApp
from headrace_tui.screens.base import MonitorScreen
from headrace_tui.screens.help import help_lines
from headrace_tui.screens.run import RunScreen
from headrace_tui.screens.runs import RunsScreen
from headrace_tui.widgets.virtual_log import VirtualLog
from headrace_tui.widgets.virtual_table import VirtualTable
from headrace_tui.widgets.virtual_view import VirtualView

DOCS = Path(__file__).parents[2] / "docs" / "monitor.md"

TARGETS: dict[Scope, tuple[type, ...]] = {
    Scope.APP: (MonitorApp,),
    Scope.LIST: (VirtualView, VirtualTable, VirtualLog),
    Scope.SCREEN: (MonitorScreen,),
    Scope.RUNS: (RunsScreen,),
    Scope.RUN: (RunScreen,),
    Scope.LOG: (VirtualLog,),
}


def test_every_action_is_carried_out_by_somebody() -> None:
    for action in REGISTRY:
        for target in TARGETS[action.scope]:
            method = "action_" + action.command.partition("(")[0]
            assert hasattr(target, method), f"{target.__name__} has no {method}"


def test_no_key_means_two_things_at_one_place() -> None:
    for own in ((Scope.RUNS,), (Scope.RUN,), (Scope.RUN, Scope.LOG)):
        seen: dict[str, Action] = {}
        for action in REGISTRY:
            if action.scope not in (Scope.APP, Scope.SCREEN, Scope.LIST, *own):
                continue
            for key in action.keys.split(","):
                assert key not in seen, f"{key}: {action.id} and {seen[key].id}"
                seen[key] = action


def test_ids_are_unique_and_end_up_in_the_bindings() -> None:
    ids = [action.id for action in REGISTRY]
    assert len(set(ids)) == len(ids)
    bound = [binding.id for binding in bindings(*Scope) if isinstance(binding, Binding)]
    assert sorted(map(str, bound)) == sorted(ids)


def test_the_help_names_every_action() -> None:
    text = "\n".join("".join(part for part, _ in line) for line in help_lines(list(REGISTRY)))
    for action in REGISTRY:
        assert action.help in text


def test_the_documentation_is_up_to_date() -> None:
    assert markdown() in DOCS.read_text(), "write `headrace_tui.actions.markdown()` into it"
