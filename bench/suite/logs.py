"""Log lines of a flow, counted when the ledger can be read back complete."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from bench.attempts import attempt
from bench.figures import Figure, number
from bench.ledgers import COMPLETED_FLOW_RUNS, PROGRAM_LINES, raw_insert_seconds, record
from bench.processes import scratch, service
from bench.subjects import Subject


def measure(subject: Subject) -> Iterator[Figure]:
    """Lines a second through `get_run_logger`, stored by the service."""
    count, warm_up = subject.plan.logs, subject.plan.warm_up

    def run() -> tuple[float, float, float | None]:
        """Lines a second: stored; by the standard library alone; by raw sqlite3 alone."""
        with scratch() as home:
            command = subject.program("lines", count, warm_up, folder=home)
            rows = [(COMPLETED_FLOW_RUNS, 2), (PROGRAM_LINES, count + warm_up)]
            with service(subject, home) as up:
                recorded = record(subject, command, home, rows, url=up.url)
            raw = None
            if subject.name == "headrace":
                database = home / subject.database
                raw = count / raw_insert_seconds(database, ("log",), home / "raw.db")
        return count / recorded.readable_s, count / recorded.report["plain_s"], raw

    runs = attempt(subject.plan.rounds, run)
    baseline = ""
    if runs.results:
        baseline = f"logging alone: {number(median(plain for _, plain, _ in runs.results))}/s"
        raw = [raw for _, _, raw in runs.results if raw]
        if raw:
            baseline += f"; raw sqlite3 alone: {number(median(raw))}/s"
    yield Figure(
        "logs",
        f"log lines until readable, through the service{runs.remark}",
        "lines/s",
        [stored for stored, _, _ in runs.results],
        baseline,
        runs.failure,
    )
