"""The widgets on plain data: what is drawn, what is drawn again, and what the keys do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from headrace_tui.format import cells
from headrace_tui.models import Connection, Link, Run
from headrace_tui.widgets.lines import connection_pieces
from headrace_tui.widgets.run_tables import FlowRunTable, TaskTable
from headrace_tui.widgets.virtual_log import VirtualLog
from tests.tui.runs import BEGIN, make_log, make_run, run_id
from tests.tui.script import rows_of

NOW = BEGIN + 3_600_000_000


class CountingTable(TaskTable):
    """A table that remembers which rows it drew."""

    drawn: Sequence[int] = ()

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw, and remember."""
        self.drawn = [*self.drawn, index]
        return super().draw_row(index, width)


class Tables(App[None]):
    """A table alone."""

    CSS_PATH = None

    def __init__(self, table: TaskTable | FlowRunTable) -> None:
        super().__init__()
        self.table = table

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table


class Logs(App[None]):
    """A log alone."""

    def __init__(self, log: VirtualLog) -> None:
        super().__init__()
        self.view = log

    def compose(self) -> ComposeResult:
        """The log."""
        yield self.view


def fill(table: TaskTable | FlowRunTable, runs: Sequence[Run]) -> dict[str, Run]:
    """Show these runs in this order."""
    rows = {run.id: run for run in runs}
    table.rows = rows
    table.set_keys(list(rows))
    return rows


def now() -> int:
    """A clock that stands still."""
    return NOW


async def test_a_change_draws_its_own_line_alone() -> None:
    table = CountingTable(now)
    async with Tables(table).run_test(size=(100, 30)) as pilot:
        rows = fill(table, [make_run(n, "RUNNING") for n in range(10_000)])
        await pilot.pause()
        assert len(set(table.drawn)) == 29
        table.focus()
        await pilot.pause()
        table.drawn = []
        rows[run_id(7)] = make_run(7, "FAILED")
        table.touch([run_id(7), run_id(9_000)])
        await pilot.pause()
        assert 7 in table.drawn
        assert set(table.drawn) <= {0, 7}  # 0: the cursor, which has got the focus
        assert "Failed" in rows_of(table)[8]


async def test_new_rows_after_the_screen_draw_nothing() -> None:
    table = CountingTable(now)
    async with Tables(table).run_test(size=(100, 30)) as pilot:
        runs = [make_run(n) for n in range(5_000)]
        rows = fill(table, runs)
        await pilot.pause()
        table.drawn = []
        rows[run_id(5_000)] = make_run(5_000)
        table.set_keys(list(rows))
        await pilot.pause()
        assert table.drawn == []


async def test_the_cursor_and_its_line_stay_while_rows_come_above() -> None:
    table = FlowRunTable(now)
    async with Tables(table).run_test(size=(100, 20)) as pilot:
        rows = fill(table, [make_run(n) for n in range(100, 0, -1)])
        table.focus()
        await pilot.press(*["j"] * 40)
        assert table.cursor_key == run_id(60)
        line = table.cursor - table.top
        rows |= {run_id(n): make_run(n) for n in (101, 102)}
        table.set_keys(sorted(rows, reverse=True))
        assert table.cursor_key == run_id(60)
        assert table.cursor - table.top == line
        table.set_keys([key for key in table.keys if key != run_id(60)])
        assert table.cursor_key == run_id(59)


async def test_every_key_of_a_table_moves_as_it_says() -> None:
    table = FlowRunTable(now)
    async with Tables(table).run_test(size=(100, 21)) as pilot:
        fill(table, [make_run(n) for n in range(1000)])
        table.focus()
        for key, cursor in (
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("up", 0), ("ctrl+d", 19), ("pagedown", 38),
            ("space", 57), ("ctrl+u", 38), ("pageup", 19), ("G", 999), ("j", 999), ("g", 0),
            ("end", 999), ("home", 0),
        ):  # fmt: skip
            await pilot.press(key)
            assert table.cursor == cursor, key
            assert table.top <= table.cursor < table.top + table.page_size


async def test_the_front_is_followed_until_the_cursor_is_moved() -> None:
    table = TaskTable(now)
    async with Tables(table).run_test(size=(100, 21)) as pilot:
        fill(table, [make_run(n) for n in range(100)])
        table.can_tail = True
        table.focus()
        await pilot.press("G")
        table.front = 50
        table.set_keys(table.keys)
        shown = list(table.shown_keys)
        assert run_id(49) in shown[-5:]
        assert "❯" not in "".join(rows_of(table))
        await pilot.press("up")
        assert not table.tail
        assert table.cursor_key == run_id(49)


@pytest.mark.parametrize("width", [10, 20, 40, 59, 60, 80, 160, 300])
async def test_a_row_has_the_width_of_the_table(width: int) -> None:
    table = TaskTable(now)
    async with Tables(table).run_test(size=(width, 10)) as pilot:
        fill(table, [make_run(1, name="東京 " * 30), make_run(2, name="x" * 500), make_run(3)])
        await pilot.pause()
        for y in range(10):
            strip = table.render_line(y)
            assert strip.cell_length == width == cells(strip.text)


async def test_wheel_click_and_scroll_bar() -> None:
    table = FlowRunTable(now)
    opened: list[str] = []

    class App_(Tables):
        def on_virtual_table_opened(self, event: FlowRunTable.Opened) -> None:
            opened.append(event.key)

    async with App_(table).run_test(size=(100, 21)) as pilot:
        fill(table, [make_run(n) for n in range(1000)])
        await pilot.pause()
        await pilot.click(offset=(10, 5))
        assert table.cursor == 4
        await pilot.click(offset=(10, 5))
        assert opened == [run_id(4)]
        await pilot.mouse_down(offset=(99, 20))
        await pilot.mouse_up(offset=(99, 20))
        assert table.top == table.last_top


async def test_ten_thousand_lines_are_added_in_one_paint_and_followed() -> None:
    log = VirtualLog()
    async with Logs(log).run_test(size=(100, 30)) as pilot:
        log.append([make_log(n) for n in range(10_000)])
        await pilot.pause()
        assert rows_of(log)[-1].rstrip("▐ ").endswith("line 9999")
        assert log.follow


async def test_a_paused_log_stays_where_it_is() -> None:
    log = VirtualLog(bound=1000)
    async with Logs(log).run_test(size=(100, 30)) as pilot:
        log.append([make_log(n) for n in range(1000)])
        log.focus()
        await pilot.press("k", "ctrl+u")
        before = [row.rstrip("▐ ") for row in rows_of(log)]
        log.append([make_log(n) for n in range(1000, 1500)])
        await pilot.pause()
        assert [row.rstrip("▐ ") for row in rows_of(log)] == before
        assert log.unseen == 500
        await pilot.press("F")
        assert log.unseen == 0
        assert rows_of(log)[-1].rstrip("▐ ").endswith("line 1499")


async def test_long_lines_are_cut_scrolled_or_wrapped() -> None:
    log = VirtualLog()
    text = "".join(chr(ord("a") + n % 26) for n in range(300))
    async with Logs(log).run_test(size=(60, 20)) as pilot:
        log.append([make_log(1, text), make_log(2, "short")])
        log.focus()
        await pilot.pause()
        assert "›" in rows_of(log)[0]
        await pilot.press("right")
        width = log.text_width
        assert text[8 : 8 + width - 1] + "›" in rows_of(log)[0]
        await pilot.press("left", "w")
        await pilot.pause()
        wrapped = [log.render_line(y).text[-width - 1 : -1] for y in range(20)]
        assert "".join(wrapped[: -(-300 // width)]).rstrip() == text
        assert log.row_count == -(-300 // width) + 1
        await pilot.press("w")
        assert log.row_count == 2


async def test_wrapping_loses_no_wide_character() -> None:
    log = VirtualLog()
    text = "x" + "".join(chr(0x4E00 + n) for n in range(100))
    async with Logs(log).run_test(size=(41, 20)) as pilot:
        log.append([make_log(1, text)])
        log.focus()
        await pilot.press("w")
        await pilot.pause()
        start = log.inner_width - log.text_width
        rows = rows_of(log)[: log.row_count]
        assert "".join(row[start:].rstrip("▐ ") for row in rows) == text


async def test_errors_are_found() -> None:
    log = VirtualLog()
    async with Logs(log).run_test(size=(100, 10)) as pilot:
        log.append([make_log(n, level=40 if n in (100, 200) else 20) for n in range(300)])
        log.focus()
        await pilot.press("E")
        assert rows_of(log)[0].endswith("line 200")
        await pilot.press("E")
        assert rows_of(log)[0].endswith("line 100")
        await pilot.press("e")
        assert rows_of(log)[0].endswith("line 200")


@pytest.mark.parametrize(
    ("connection", "text"),
    [
        (Connection(), "◌ connecting"),
        (Connection(Link.LIVE, 0.0123), "● live 12ms"),
        (Connection(Link.AWAY, None, 3, 104.0, 88.0), "○ reconnecting #3 in 4s · data 12s old"),
        (Connection(Link.AWAY, None, 1, 99.0, None), "○ reconnecting #1"),
        (Connection(Link.REFUSED, reason="no"), "✗ refused"),
    ],
)
def test_the_connection_is_told_in_words(connection: Connection, text: str) -> None:
    assert "".join(part for part, _ in connection_pieces(connection, 100.0)) == text
    plain = connection_pieces(connection, 100.0, ascii_only=True)
    assert "".join(part for part, _ in plain).isascii()
