"""The arithmetic of the benchmarks' report."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.figures import Figure, number
from bench.millions import fill
from bench.peers import relaxed
from bench.processes import BenchmarkFailed
from bench.report import END, START, Report, ratio, rewrite
from bench.suite.flatness import later_over_earlier

from headrace.records import StateType
from headrace_service.ledger import Ledger
from headrace_service.ledger.queries.counts import task_run_counts
from headrace_service.ledger.queries.flow_runs import page_of_flow_runs
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.queries.task_runs import TaskRunWhere


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12_345.6, "12,346"),
        (99.96, "100.0"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.0123, "0.012"),
    ],
)
def test_a_number_is_shown_with_three_figures_or_so(value: float, text: str) -> None:
    assert number(value) == text


def test_a_budget_is_met_by_the_median() -> None:
    assert Figure("logs", "", "", [60_000, 51_000, 20_000]).verdict() == "met"
    assert Figure("logs", "", "", [60_000, 49_000, 20_000]).verdict() == "missed"
    assert Figure("import", "", "", [80.0]).verdict() == "met"
    assert Figure("import", "", "", [80.1]).verdict() == "missed"
    assert Figure("help", "", "", [80.1]).verdict() == "—"
    assert Figure("import", "", "", failure="no such module").verdict() == "missed"


def test_a_budget_against_the_peer_counts_only_beside_the_peer() -> None:
    ours = Figure("hello.embedded", "", "s", [0.2])
    assert ours.verdict() == "met"
    assert ours.verdict(Figure("hello.http", "", "s", [4.1])) == "met"
    assert ours.verdict(Figure("hello.http", "", "s", [3.9])) == "missed"


def test_a_ratio_is_said_the_way_round_that_is_above_one() -> None:
    fast, slow = Figure("x", "", "", [100.0]), Figure("x", "", "", [4.0])
    assert ratio(fast, slow) == "25.0 ×"
    assert ratio(slow, fast) == "1/25.0"
    assert ratio(slow, None) == "—"


def test_an_even_stream_of_events_is_flat() -> None:
    even = [(second / 10, second * 10) for second in range(1, 101)]
    assert later_over_earlier(even) == pytest.approx(1)


def test_a_stream_that_slows_down_is_not_flat() -> None:
    first_part = [(float(second), second * 10) for second in range(41)]
    slower_end = [(40.0 + 2 * step, 400 + 10 * step) for step in range(1, 61)]
    assert later_over_earlier(first_part + slower_end) == pytest.approx(2)


def test_events_before_the_flow_was_called_are_the_warm_ups() -> None:
    warm_up = [(-5.0, 0), (-1.0, 700)]
    even = [(float(second), 700 + second * 10) for second in range(101)]
    assert later_over_earlier(warm_up + even) == pytest.approx(1)


def test_only_the_bounds_that_may_be_dropped_are_dropped() -> None:
    listed = ["certifi>=2026.10.19", "click<9,>=8.0", "dask>=1; extra == 'dask'"]
    assert relaxed(listed) == ["certifi", "click<9,>=8.0"]


def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text(f"# Before\n{START}\nold\n{END}\nAfter\n", encoding="utf-8")
    figures = [Figure("import", "import", "ms", [50.0, 60.0, 70.0], "python -c pass: 11.0 ms")]
    report = Report("python -m bench", "1.2.3", figures, {"peer 1": []})

    rewrite(report, file)
    rewrite(report, file)

    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"# Before\n{START}\n")
    assert text.endswith(f"{END}\nAfter\n")
    assert "old" not in text
    row = "| import | 60.0 ms (50.0–70.0) | python -c pass: 11.0 ms | ≤ 80 ms | met | — | — |"
    assert text.count(row) == 1


def test_a_file_without_marks_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("nothing to replace\n", encoding="utf-8")
    with pytest.raises(ValueError, match="to write between"):
        rewrite(Report("python -m bench", "1.2.3", [], {}), file)
    assert file.read_text(encoding="utf-8") == "nothing to replace\n"


def test_a_ledger_is_filled_with_runs_that_lists_find(tmp_path: Path) -> None:
    fill(tmp_path / "ledger.db", 1_200)
    ledger = Ledger.open(tmp_path / "ledger.db")
    try:
        found = ledger.read(task_run_counts, TaskRunWhere(), 10_000).result()
        assert found == {
            StateType.COMPLETED: 1_176,
            StateType.FAILED: 17,
            StateType.CRASHED: 5,
            StateType.RUNNING: 2,
        }
        page = ledger.read(page_of_flow_runs, Page(50)).result()
        assert [row.name for row in page.rows] == ["run-000002", "run-000001", "run-000000"]
    finally:
        ledger.close()
    with pytest.raises(BenchmarkFailed, match="has runs already"):
        fill(tmp_path / "ledger.db", 1)
