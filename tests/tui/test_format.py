"""How values look."""

from __future__ import annotations

import pytest

from headrace_tui import format as fmt
from headrace_tui.format import HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (None, ""),
        (0, "0ms"),
        (999_999, "999ms"),
        (4_250_000, "4.2s"),
        (41 * SECOND, "41s"),
        (133 * SECOND, "2m13s"),
        (HOUR + 2 * MINUTE, "1h02m"),
        (76 * HOUR, "3d04h"),
        (999 * 24 * HOUR, "999d00h"),
    ],
)
def test_a_duration_is_short(micros: int | None, text: str) -> None:
    assert fmt.duration(micros) == text


def test_what_still_runs_is_told_in_whole_seconds() -> None:
    assert fmt.ticking(4_250_000) == "4s"
    assert fmt.ticking(133 * SECOND) == "2m13s"


def test_every_state_has_a_glyph_of_one_cell_and_one_in_ascii() -> None:
    states = ["SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING", "COMPLETED", "FAILED",
              "CRASHED", "CANCELLED"]  # fmt: skip
    for state in states:
        glyph, ink = fmt.look(state)
        plain, same = fmt.look(state, ascii_only=True)
        assert fmt.cells(glyph) == 1
        assert plain.isascii()
        assert ink == same != "text"
    assert fmt.look("SOMETHING NEW")[0] == "?"


def test_the_name_of_a_state_wins_over_its_type() -> None:
    assert fmt.look("SCHEDULED", "AwaitingRetry") == fmt.look("RUNNING", "Retrying")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\tb", "a    b"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("be\x07ll\x00 \x9b31mc1", "bell c1"),
        ("left\u202eright\u200b", "leftright"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("\x1b", ""),
        ("half\ud800", "half"),
    ],
)
def test_nothing_in_a_text_reaches_the_terminal_as_a_command(text: str, clean: str) -> None:
    assert fmt.clean(text) == clean


def test_a_long_name_loses_its_middle() -> None:
    assert fmt.fit_name("count_departures-24", 13) == "count_de…s-24"
    assert fmt.fit_name("short", 13) == "short        "
    assert fmt.cells(fmt.fit_name("東京" * 20, 13)) == 13


def test_text_is_cut_by_cells() -> None:
    assert fmt.fit("abcdef", 4) == "abc…"
    assert fmt.fit("abcdef", 4, ellipsis="~") == "abc~"
    assert fmt.fit("ab", 4, right=True) == "  ab"
    assert fmt.cells(fmt.fit("東京都庁", 5)) == 5
    assert fmt.cut("東京都", 1, 4) == " 京 "
    assert fmt.fit("abc", 1) == "a"


@pytest.mark.parametrize(
    "text", ["abcdefghijk", "東京都庁東京都庁", "ae\u0301\u0301東e\u0301京" * 3, ""]
)
@pytest.mark.parametrize("width", [2, 3, 4, 7, 50])
def test_a_folded_text_loses_nothing(text: str, width: int) -> None:
    rows = fmt.fold(text, width)
    assert "".join(rows) == text
    assert all(0 < fmt.cells(row) <= width for row in rows)


@pytest.mark.parametrize("width", [1, 2, 5, 8, 40])
@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"COMPLETED": 3},
        {"COMPLETED": 9_799, "FAILED": 1},
        {"PENDING": 10},
        {"COMPLETED": 1, "RUNNING": 1, "FAILED": 1, "CANCELLED": 1, "PENDING": 10_000},
    ],
)
def test_a_bar_fills_its_width(counts: dict[str, int], width: int) -> None:
    assert sum(fmt.cells(text) for text, _ in fmt.bar(counts, width)) == width


def test_one_failure_among_thousands_is_seen() -> None:
    inks = {ink for _, ink in fmt.bar({"COMPLETED": 9_799, "FAILED": 1}, 8)}
    assert "failed" in inks


def test_a_finished_run_fills_its_bar() -> None:
    assert all(ink != "dim" for _, ink in fmt.bar({"COMPLETED": 7, "FAILED": 3}, 9))


def test_a_span_is_precise_to_half_a_cell() -> None:
    assert fmt.span(0, 100, 0, 100, 10) == (0, "━" * 10)
    assert fmt.span(25, 75, 0, 100, 10) == (2, "╺━━━━╸")
    assert fmt.span(50, 50, 0, 100, 10) == (5, "╸")
    assert fmt.span(99, 100, 0, 100, 10) == (9, "╺")
    assert fmt.span(50, 100, 0, 100, 10, ascii_only=True) == (5, "=====")


def test_a_timeline_shows_each_attempt() -> None:
    bars = [(0, 20, "retrying", True), (40, 60, "retrying", True), (80, 100, "completed", False)]
    row = fmt.timeline(bars, 0, 100, 20)
    assert "".join(text for text, _ in row) == "━━━✗····━━━✗····━━━━"
    row = fmt.timeline(bars, 0, 10_000, 20)
    assert "".join(text for text, _ in row) == "✗"
    row = fmt.timeline(bars[1:], 0, 100, 20, ascii_only=True)
    assert "".join(text for text, _ in row) == "        ===x....===="


@pytest.mark.parametrize("length", [0, 1, 1_500, SECOND, 75 * SECOND, 26 * HOUR, 90 * 24 * HOUR])
@pytest.mark.parametrize("width", [1, 11, 12, 40, 120])
def test_an_axis_has_its_width_and_begins_with_zero(length: int, width: int) -> None:
    axis = fmt.axis(length, width)
    assert len(axis) == width
    assert axis.strip() == "" or axis.startswith("0")


def test_an_axis_has_round_times() -> None:
    assert fmt.axis(60 * SECOND, 60).split() == ["0", "10s", "20s", "30s", "40s", "50s"]
