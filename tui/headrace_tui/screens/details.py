"""What the details pane says of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from headrace_tui import format as fmt
from headrace_tui.format import Piece
from headrace_tui.models import Run, RunDetails, State

Lines = list[list[Piece]]

#: The least room for text, in cells; what is narrower is cut.
_LEAST = 8


def detail_lines(
    run: Run,
    details: RunDetails | None,
    now: int,
    *,
    width: int,
    names: Mapping[str, Run],
    utc: bool,
    ascii_only: bool,
) -> Lines:
    """The lines of the details pane.

    Args:
        run: the last look at the run.
        details: its history and parameters, None while they are loading.
        now: the time, in microseconds.
        width: how many cells a line has; facts and messages that are longer take several.
        names: runs by id, to name the inputs by.
        utc: whether times are UTC's.
        ascii_only: use no symbols outside of ASCII.
    """
    length = run.duration(now)
    facts = [
        ("id", run.id),
        ("task" if run.kind == "task" else "flow", run.group),
        ("version", (details and details.flow_version) or ""),
        ("created", _when(run.created, utc)),
        ("started", _when(run.start_time, utc)),
        ("ended", _when(run.end_time, utc)),
        ("time", fmt.ticking(length) if run.is_live else fmt.duration(length)),
        ("retries", str(run.retries) if run.retries else ""),
        ("tags", ", ".join(run.tags)),
        ("part of", run.parent_id or ""),
    ]
    lines: Lines = []
    for name, text in facts:
        rows = fmt.fold(text, max(_LEAST, width - 12))
        heads = [f"  {name:<10}", *[" " * 12] * len(rows)]
        lines += [[(head, "dim"), (row, "text")] for head, row in zip(heads, rows, strict=False)]
    if details is None:
        return [*lines, [], [("  Loading …", "dim")]]
    if details.blocked_by:
        rows = [
            row for text in details.blocked_by for row in fmt.fold(text, max(_LEAST, width - 2))
        ]
        lines += _section("Blocked by", [[("  " + row, "text")] for row in rows])
    if details.inputs:
        lines += _section("Inputs", _inputs(details.inputs, names))
    if run.kind == "flow":
        lines += _section("Parameters", _parameters(details.parameters))
    return lines + _section("States", _history(details.history, width, utc, ascii_only))


def _section(title: str, lines: Iterable[list[Piece]]) -> Lines:
    return [[], [(f"  {title}", "strong")], *lines]


def _when(at: int | None, utc: bool) -> str:
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at / fmt.SECOND, UTC if utc else None)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + (" UTC" if utc else "")


def _inputs(inputs: Iterable[tuple[str, str]], names: Mapping[str, Run]) -> Lines:
    return [
        [
            (f"  {parameter:<10}", "dim"),
            (names[run_id].name if run_id in names else run_id, "text"),
        ]
        for parameter, run_id in inputs
    ]


def _parameters(parameters: object) -> Lines:
    if not parameters:
        return [[("  none", "dim")]]
    text = json.dumps(parameters, indent=2, ensure_ascii=False, default=str)
    return [[("  " + line, "text")] for line in fmt.clean(text).split("\n")[:2000]]


def _history(history: list[State], width: int, utc: bool, ascii_only: bool) -> Lines:
    """The states, each with its time and how long it lasted, and its message below."""
    lines: Lines = []
    for place, state in enumerate(history):
        glyph, ink = fmt.look(state.type, state.name, ascii_only=ascii_only)
        following = history[place + 1].at if place + 1 < len(history) else None
        lasted = fmt.duration(max(0, following - state.at)) if following is not None else ""
        attempt = f"try {state.run_count}" if state.run_count > 1 else ""
        lines.append(
            [
                (f"  {fmt.clock(state.at, utc=utc, millis=True)}  ", "dim"),
                (fmt.fit(f"{glyph} {state.name}", 26), ink),
                (f"{lasted:>6}  ", "text"),
                (attempt, "retrying"),
            ]
        )
        rows = fmt.fold(state.message or "", max(_LEAST, width - 4))
        lines += [[("    " + row, "dim")] for row in rows]
    return lines
