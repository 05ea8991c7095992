"""The table: on the terminal, as JSON, and in docs/benchmarks.md."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.figures import BUDGETS, PEER_KEYS, Figure, number

START = "<!-- figures: written by `python -m bench --write` -->"
END = "<!-- end of figures -->"

HEADINGS = ("what", "headrace", "baseline in the same run", "budget", "verdict")


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one run; those of each peer under its name and version."""

    command: str
    version: str
    figures: list[Figure]
    peers: dict[str, list[Figure]]

    def rows(self) -> list[list[str]]:
        """The table's cells, headings first."""
        peers = {name: {f.key: f for f in figures} for name, figures in self.peers.items()}
        headings = [*HEADINGS, *(cell for name in peers for cell in (name, "ratio"))]
        return [headings, *(self._row(figure, peers) for figure in self.figures)]

    def _row(self, figure: Figure, peers: dict[str, dict[str, Figure]]) -> list[str]:
        rival = None
        cells = []
        for figures in peers.values():
            same = figures.get(figure.key)
            rival = figures.get(PEER_KEYS.get(figure.key, figure.key))
            cells += [same.text if same else "—", ratio(figure, same)]
        budget = BUDGETS.get(figure.key)
        return [
            figure.what,
            figure.text,
            figure.baseline or "—",
            budget.wanted(figure.unit) if budget else "—",
            figure.verdict(rival),
            *cells,
        ]

    def terminal(self) -> str:
        """The table in columns of text."""
        rows = self.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join([*lines, "", self.circumstances()])

    def markdown(self) -> str:
        """The table and its circumstances in Markdown."""
        rows = self.rows()
        rows.insert(1, ["---"] * len(rows[0]))
        lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
        table = "\n".join(f"| {line} |" for line in lines)
        return f"{self.circumstances()}\n\n{table}"

    def circumstances(self) -> str:
        """The command, the day and the machine's shape."""
        today = datetime.datetime.now(datetime.UTC).date()
        measured = " and ".join([f"headrace {self.version}", *self.peers])
        return f"`{self.command}` on {today}: {measured}; {machine()}. Medians (range) of the runs."

    def as_json(self) -> dict[str, Any]:
        """Everything, each run's value included."""

        return {
            "command": self.command,
            "version": self.version,
            "machine": machine(),
            "figures": [{**asdict(f), "verdict": f.verdict()} for f in self.figures],
            "peers": {name: [asdict(f) for f in figures] for name, figures in self.peers.items()},
        }


def ratio(figure: Figure, peer: Figure | None) -> str:
    """How many times the one is the other, said the way round that is above one."""
    if peer is None or not peer.runs or not figure.runs or not figure.median or not peer.median:
        return "—"
    times = figure.median / peer.median
    return f"{number(times)} ×" if times >= 1 else f"1/{number(1 / times)}"


def machine() -> str:
    """The machine's shape: cores, memory, system, and the versions that matter."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cores} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def write_json(report: Report, file: Path) -> None:
    """Write everything that was measured."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def rewrite(report: Report, file: Path) -> None:
    """Put the table between the two marks of a Markdown file, in place of what is there.

    Raises:
        ValueError: the file has no such marks.
    """
    before, found, rest = file.read_text(encoding="utf-8").partition(START)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise ValueError(f"{file} has no lines {START!r} and {END!r} to write between")
    text = f"{before}{START}\n\n{report.markdown()}\n\n{END}{after}"
    file.write_text(text, encoding="utf-8")
