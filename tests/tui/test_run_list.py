"""The ordered, filtered list of runs."""

from __future__ import annotations

import random

from headrace_tui.filters import parse
from headrace_tui.models import Run
from headrace_tui.run_list import RunList, Sort
from tests.tui.runs import BEGIN, make_run, run_id

NOW = BEGIN + 3_600_000_000


def changes(*runs: Run) -> dict[str, Run]:
    """A feed's news."""
    return {run.id: run for run in runs}


def test_new_runs_stand_where_they_belong() -> None:
    runs = RunList(Sort.START)
    assert runs.apply(changes(make_run(2), make_run(4)), NOW) == (True, [])
    assert runs.apply(changes(make_run(3), make_run(5)), NOW) == (True, [])
    assert runs.keys == [run_id(2), run_id(3), run_id(4), run_id(5)]
    runs.sort(NOW, Sort.LATEST)
    assert runs.keys == [run_id(5), run_id(4), run_id(3), run_id(2)]


def test_a_change_touches_its_row_alone() -> None:
    runs = RunList()
    runs.apply(changes(make_run(1, "RUNNING"), make_run(2)), NOW)
    assert runs.apply(changes(make_run(1, "COMPLETED", at=5)), NOW) == (False, [run_id(1)])


def test_what_comes_later_counts_whatever_its_time() -> None:
    runs = RunList()
    runs.apply(changes(make_run(1, "RUNNING", at=9)), NOW)
    assert runs.apply(changes(make_run(1, "COMPLETED", at=-3)), NOW) == (False, [run_id(1)])
    assert runs.rows[run_id(1)].state.type == "COMPLETED"
    assert runs.counts["RUNNING"] == 0


def test_runs_enter_and_leave_a_filter_as_they_change() -> None:
    runs = RunList()
    runs.choose(parse("state:running"), NOW)
    runs.apply(changes(make_run(1, "RUNNING"), make_run(2)), NOW)
    assert runs.keys == [run_id(1)]
    reordered, _ = runs.apply(changes(make_run(1, "FAILED", at=5)), NOW)
    assert reordered
    assert runs.keys == []
    runs.choose(parse(""), NOW)
    assert len(runs.keys) == 2


def test_an_order_by_state_goes_stale_and_is_made_anew() -> None:
    runs = RunList(Sort.FAILED)
    runs.apply(changes(make_run(1), make_run(2, "RUNNING")), NOW)
    assert runs.stale
    runs.sort(NOW)
    assert runs.keys == [run_id(2), run_id(1)]
    runs.apply(changes(make_run(3, "FAILED")), NOW)
    runs.sort(NOW)
    assert runs.keys[0] == run_id(3)
    assert not runs.stale


def test_the_slowest_come_first() -> None:
    runs = RunList(Sort.SLOWEST)
    runs.apply(changes(make_run(1, took=5), make_run(2, took=50), make_run(3, "RUNNING")), NOW)
    runs.sort(NOW)
    assert runs.keys == [run_id(3), run_id(2), run_id(1)]


def test_a_thousand_runs_in_any_order() -> None:
    numbers = list(range(1000))
    random.Random(1).shuffle(numbers)
    runs = RunList(Sort.START)
    for place in range(0, 1000, 100):
        runs.apply(changes(*(make_run(n) for n in numbers[place : place + 100])), NOW)
    assert runs.keys == [run_id(n) for n in range(1000)]
    assert runs.counts == {"COMPLETED": 1000}


def test_what_has_not_started_comes_after_what_has() -> None:
    runs = RunList(Sort.START)
    waiting = [make_run(n, "PENDING") for n in range(4)]
    for run in waiting:
        run.start_time = None
    runs.apply(changes(*waiting, make_run(9)), NOW)
    assert runs.keys == [run_id(9), run_id(0), run_id(1), run_id(2), run_id(3)]
    assert runs.begun == 1
    runs.apply(changes(make_run(2, "RUNNING", at=9)), NOW)
    assert runs.keys == [run_id(2), run_id(9), run_id(0), run_id(1), run_id(3)]
    runs.sort(NOW, Sort.CREATED)
    assert runs.keys == [run_id(n) for n in (9, 3, 2, 1, 0)]
    runs.sort(NOW, Sort.LATEST)
    assert runs.keys == [run_id(n) for n in (9, 2, 0, 1, 3)]
