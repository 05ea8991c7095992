"""Events of several feeds are put into the order of their times."""

from __future__ import annotations

from dataclasses import replace

from headrace_tui.models import Run, State
from headrace_tui.time_order import TimeOrder
from tests.tui.runs import BEGIN, make_log, make_run


def entered(run: Run, kind: str, at: int) -> Run:
    """The run in a state that it entered `at` microseconds after the beginning."""
    return replace(run, state=State(kind, kind.capitalize(), BEGIN + at, None, 1))


def test_feeds_are_merged_by_time() -> None:
    order = TimeOrder()
    first, second = (entered(make_run(number), "COMPLETED", 2500 * number) for number in (1, 2))
    lines = [make_log(number) for number in range(5)]
    order.hold([first, second])
    order.hold(lines)
    assert order.newest == second.state.at
    assert order.release(BEGIN + 2500) == [*lines[:3], first]
    order.hold([late := make_log(1)])
    assert order.release() == [late, *lines[3:], second]
    assert order.newest is None


def test_a_clock_that_steps_back_leaves_a_runs_states_in_their_order() -> None:
    order, run = TimeOrder(), make_run(1)
    states = [entered(run, "RUNNING", 5000), entered(run, "COMPLETED", -5000)]
    order.hold([*states, make_log(3)])
    assert order.release() == [make_log(3), *states]
