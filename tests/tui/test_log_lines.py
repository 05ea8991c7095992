"""The store of log lines, and the index of wrapped ones."""

from __future__ import annotations

import random

from headrace_tui.widgets.log_lines import LogLines, WrapIndex
from tests.tui.runs import make_log


def texts(lines: LogLines) -> list[str]:
    """What is shown."""
    return [line.text for line in lines.shown]


def test_a_record_of_several_lines_becomes_several_lines() -> None:
    lines = LogLines()
    assert lines.append([make_log(1, "one\n  two\n"), make_log(2)]) == (3, 0)
    assert texts(lines) == ["one", "  two", "line 2"]
    assert [line.part for line in lines.shown] == [0, 1, 0]


def test_level_and_search_choose_what_is_shown() -> None:
    lines = LogLines()
    lines.append([make_log(1, "Timeout", 40), make_log(2, "fine"), make_log(3, "no TIMEOUT")])
    lines.choose(search="timeout")
    assert texts(lines) == ["Timeout", "no TIMEOUT"]
    lines.choose(min_level=40)
    assert texts(lines) == ["Timeout"]
    assert lines.append([make_log(4, "a timeout", 50), make_log(5, "timeout", 30)]) == (1, 0)
    lines.choose(min_level=0, search="")
    assert len(lines.shown) == 5


def test_the_oldest_go_when_there_are_too_many() -> None:
    lines = LogLines(bound=100, slack=10)
    for number in range(0, 500, 7):
        lines.append([make_log(n, f"{n}\nmore") for n in range(number, number + 7)])
        assert len(lines.records) <= 110
    assert lines.dropped + len(lines.records) == 504
    assert lines.shown[0].text == str(lines.dropped)
    assert len(lines.shown) == 2 * len(lines.records)


def test_older_lines_come_before() -> None:
    lines = LogLines(bound=10, slack=1)
    lines.append([make_log(n) for n in range(5, 10)])
    assert lines.prepend([make_log(n) for n in range(3, 5)]) == 2
    assert texts(lines)[:3] == ["line 3", "line 4", "line 5"]
    assert lines.prepend([make_log(n) for n in range(-20, 3)]) == 3
    assert texts(lines)[0] == "line 0"
    assert len(lines.records) == 10


def test_the_index_finds_every_row_of_wrapped_lines() -> None:
    chance = random.Random(3)
    lines = LogLines()
    lines.append([make_log(n, "x" * chance.randrange(0, 95)) for n in range(700)])
    index = WrapIndex()
    index.rebuild(lines.shown, 10)
    lines.append([make_log(n, "y" * chance.randrange(0, 95)) for n in range(700, 1500)])
    index.extend()

    expected = [
        (place, part)
        for place, line in enumerate(lines.shown)
        for part in range(max(1, -(-line.size // 10)))
    ]
    assert index.total == len(expected)
    assert [index.locate(row) for row in range(index.total)] == expected
    for place in (0, 1, 255, 256, 257, 1499):
        assert expected[index.row_of(place)] == (place, 0)
