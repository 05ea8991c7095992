"""Tasks one after the other, counted when the ledger can be read back complete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.attempts import attempt
from bench.figures import Figure, number
from bench.ledgers import (
    COMPLETED_FLOW_RUNS,
    COMPLETED_TASK_RUNS,
    Expected,
    file_bytes,
    raw_insert_seconds,
    reading,
    record,
)
from bench.processes import scratch, service
from bench.subjects import Subject


@dataclass(frozen=True, slots=True)
class Run:
    """One run: tasks a second, and what it left behind."""

    per_second: float
    caller_us: float
    bare_us: float
    bytes_per_task: float
    raw_per_second: float | None = None


def expected_rows(subject: Subject, count: int) -> Expected:
    """What `tasks.py COUNT` leaves: two flow runs, the warm-up's tasks and the counted ones."""
    flow_runs = 2 if subject.plan.warm_up else 1
    return [
        (COMPLETED_FLOW_RUNS, flow_runs),
        (COMPLETED_TASK_RUNS, count + subject.plan.warm_up),
    ]


def measure(subject: Subject) -> Iterator[Figure]:
    """Tasks a second through the service's mutation, and recorded with no service."""
    plan = subject.plan
    over_http = attempt(plan.rounds, lambda: _over_http(subject))
    runs = over_http.results
    baseline = ""
    if runs:
        baseline = f"bare calls: {number(1e6 / median(r.bare_us for r in runs))}/s"
        raw = [run.raw_per_second for run in runs if run.raw_per_second]
        if raw:
            baseline += f"; the same rows by raw sqlite3: {number(median(raw))}/s"
    yield Figure(
        "sequential.http",
        f"sequential tasks until readable, through the service{over_http.remark}",
        "tasks/s",
        [run.per_second for run in runs],
        baseline,
        over_http.failure,
    )
    yield Figure(
        "sequential.caller",
        "the caller's time for one of them",
        "µs",
        [run.caller_us for run in runs],
        f"bare call: {number(median(r.bare_us for r in runs))} µs" if runs else "",
        over_http.failure,
    )
    yield Figure(
        "bytes",
        "database, per task run",
        "bytes",
        [run.bytes_per_task for run in runs],
        "",
        over_http.failure,
    )
    if subject.name != "headrace":
        return  # a peer's script with no service starts one of its own: nothing else to see
    embedded = attempt(plan.rounds, lambda: _embedded(subject))
    yield Figure(
        "sequential.embedded",
        f"sequential tasks until readable, no service{embedded.remark}",
        "tasks/s",
        embedded.results,
        baseline,
        embedded.failure,
    )


def _over_http(subject: Subject) -> Run:
    """One run against a service of its own with a new ledger."""
    plan = subject.plan
    count = plan.sequential
    with scratch() as home:
        command = subject.program("tasks", "sequential", count, plan.warm_up, folder=home)
        database = home / subject.database
        with service(subject, home) as up:
            empty = _pages(subject, home)
            recorded = record(subject, command, home, expected_rows(subject, count), url=up.url)
        size = file_bytes(database) - empty
        raw_s = None
        if subject.name == "headrace":
            raw_s = raw_insert_seconds(database, ("task_run", "event", "log"), home / "raw.db")
    return Run(
        per_second=count / recorded.readable_s,
        caller_us=recorded.report["tasks_s"] / count * 1e6,
        bare_us=recorded.report["bare_s"] / count * 1e6,
        bytes_per_task=size / (count + plan.warm_up),
        raw_per_second=(count + plan.warm_up) / raw_s if raw_s else None,
    )


def _pages(subject: Subject, home: Path) -> int:
    """The bytes that a ledger without a run takes."""
    with reading(home / subject.database) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(size)


def _embedded(subject: Subject) -> float:
    """Tasks a second of a script that writes its own ledger."""
    count = subject.plan.sequential
    with scratch() as home:
        command = subject.program("tasks", "sequential", count, subject.plan.warm_up, folder=home)
        recorded = record(subject, command, home, expected_rows(subject, count))
    return count / recorded.readable_s
