"""Tasks submitted to the default task runner all at once, then waited for."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from bench.attempts import attempt
from bench.figures import Figure, number
from bench.ledgers import Recorded, record
from bench.processes import scratch, service
from bench.subjects import Subject
from bench.suite.sequential import expected_rows


def measure(subject: Subject) -> Iterator[Figure]:
    """Submitted tasks a second until readable, and the script's peak memory."""
    plan = subject.plan
    runs = attempt(plan.rounds, lambda: _run(subject))
    bare = [run.report["bare_s"] / plan.submit for run in runs.results]
    yield Figure(
        "submit",
        f".submit of {plan.submit:,} tasks until readable{runs.remark}",
        "tasks/s",
        [plan.submit / run.readable_s for run in runs.results],
        f"bare calls: {number(1 / median(bare))}/s" if bare else "",
        runs.failure,
    )
    memory = [run.report["peak_bytes"] for run in runs.results if run.report["peak_bytes"]]
    yield Figure(
        "submit.memory",
        "peak memory of that script",
        "MB",
        [peak / 1e6 for peak in memory],
        "",
        runs.failure or ("not known on this system" if not memory else None),
    )


def _run(subject: Subject) -> Recorded:
    """One script against a service of its own with a new ledger."""
    plan = subject.plan
    with scratch() as home:
        command = subject.program("tasks", "submit", plan.submit, plan.warm_up, folder=home)
        with service(subject, home) as up:
            rows = expected_rows(subject, plan.submit)
            return record(subject, command, home, rows, url=up.url)
