"""How what the service tells looks to people."""

from __future__ import annotations

import pytest

from headrace.cli.looks import briefly, fitting, moment, shown, widths_of, words

ID = "01a21097-ac7c-7ac1-bcd8-1e8494756375"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("state", {"type": "FAILED", "name": "Failed", "message": "no disk"}, "Failed: no disk"),
        ("state", {"type": "RUNNING", "name": "Retrying", "message": None}, "Retrying"),
        ("counts", [{"type": "FAILED", "count": 1}, {"type": "RUNNING", "count": 2000}],
         "1 failed, 2,000 running"),
        ("tags", ["a", "b"], "a, b"),
        ("tags", [], None),
        ("parameters", {}, None),
        ("parameters", {"type": "a", "name": "mill", "message": "hi"},
         {"type": "a", "name": "mill", "message": "hi"}),
        ("parameters", {"n": 1}, {"n": 1}),
        ("until", "9999-12-31T23:59:59.999999Z", "no end"),
        ("name", "2026-05-01T08:00:00.000000Z", "2026-05-01T08:00:00.000000Z"),
    ],
)  # fmt: skip
def test_values_in_words(name: str, value: object, words: object) -> None:
    assert shown(name, value) == words


def test_letters_are_shown_as_they_are() -> None:
    assert words({"city": "Zürich"}) == '{"city": "Zürich"}'


@pytest.mark.parametrize("width", [80, 40])
def test_a_table_fits_the_terminal(width: int) -> None:
    columns = ("ID", "FLOW", "NAME", "STATE", "SINCE", "BLOCKED BY")
    row = (ID, "f" * 90, "r" * 90, "Completed", moment("2026-05-01T08:00:00.000000Z"), None)
    fewer, rows = briefly(columns, [row])
    assert list(fewer) == ["ID", "FLOW", "NAME", "STATE", "SINCE"]
    widths = fitting(fewer, widths_of([fewer, list(map(str, rows[0]))]), width)
    assert sum(widths) + 2 * (len(widths) - 1) == width
    assert widths[0] == (len(ID) if width == 80 else 8)
