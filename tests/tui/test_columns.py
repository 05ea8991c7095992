"""How columns share a table's width."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headrace_tui.widgets.columns import GAP, lay_out
from headrace_tui.widgets.run_tables import FlowRunTable, TaskTable
from tests.tui.runs import make_run


@pytest.mark.parametrize("columns", [FlowRunTable.columns, TaskTable.columns])
@pytest.mark.parametrize("width", [*range(1, 100), 160, 400])
def test_columns_never_take_more_than_there_is(columns: tuple, width: int) -> None:  # type: ignore[type-arg]
    layout = lay_out(columns, width)
    taken = sum(size for _, size in layout) + GAP * (len(layout) - 1)
    assert taken <= max(width, 17)
    if width >= 60:
        assert taken == width


def test_columns_give_way_in_their_order() -> None:
    shown = [column.key for column, _ in lay_out(FlowRunTable.columns, 78)]
    assert shown == ["state", "name", "flow", "tasks", "progress", "retries", "duration"]
    shown = [column.key for column, _ in lay_out(FlowRunTable.columns, 40)]
    assert shown == ["state", "name", "duration"]


def test_a_column_grows_to_its_limit_only() -> None:
    widths = {column.key: size for column, size in lay_out(FlowRunTable.columns, 300)}
    assert widths["name"] == 40
    assert widths["state"] == 12
    assert widths["progress"] > 100


def test_a_run_that_ended_without_a_start_has_a_time() -> None:
    run = replace(make_run(1, "FAILED", kind="flow"), start_time=None)
    table = FlowRunTable(lambda: run.state.at)
    table.times, table.rows = "utc", {run.id: run}
    (started,) = [column for column in table.columns if column.key == "started"]
    assert table.draw_cell(run.id, started, 12) == [("08:00:01", "dim")]
