"""The registry of actions, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding

from headrace_tui.actions import REGISTRY, Action, Scope, actions, bindings, hints, markdown
from headrace_tui.app import MonitorApp
from headrace_tui.format import cells
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
    text = "\n".join("".join(part for part, _ in line) for line in help_lines(list(REGISTRY), 200))
    for action in REGISTRY:
        assert action.help in text


@pytest.mark.parametrize("width", [32, 60, 76])
def test_the_help_wraps_what_is_long(width: int) -> None:
    lines = help_lines(list(REGISTRY), width)
    assert all(sum(cells(part) for part, _ in line) <= width for line in lines if len(line) == 2)
    told = " ".join(line[1][0] for line in lines if len(line) == 2)
    for action in REGISTRY:
        assert action.help in told


@pytest.mark.parametrize("scopes", [(Scope.RUNS,), (Scope.RUN,), (Scope.LOG, Scope.RUN)])
def test_the_way_back_and_the_help_are_the_last_to_leave_the_key_line(
    scopes: tuple[Scope, ...],
) -> None:
    chosen = actions(*scopes, Scope.SCREEN, Scope.LIST, Scope.APP)
    everything = hints(chosen, 1000)
    assert len(everything) == sum(action.hint for action in chosen)
    for room in range(14, 200):
        shown = hints(chosen, room)
        assert {("q", "back"), ("?", "help")} <= set(shown)
        assert shown == [pair for pair in everything if pair in shown]
        assert len("  ".join(map(" ".join, shown))) <= room
    assert hints(chosen, 13) == [("q", "back")]
    assert hints(chosen, 3) == []


def test_the_documentation_is_up_to_date() -> None:
    assert markdown() in DOCS.read_text(), "write `headrace_tui.actions.markdown()` into it"
