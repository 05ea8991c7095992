"""Calls whose result is kept already, in a folder, with arguments and source as the key."""

from __future__ import annotations

from collections.abc import Iterator

from bench.attempts import attempt
from bench.figures import Figure
from bench.ledgers import record
from bench.processes import scratch, service
from bench.subjects import Subject
from bench.suite.sequential import expected_rows


def measure(subject: Subject) -> Iterator[Figure]:
    """The caller's time for a hit."""
    runs = attempt(subject.plan.rounds, lambda: _run(subject))
    yield Figure(
        "cached",
        f"the caller's time for a task whose result is cached{runs.remark}",
        "µs",
        runs.results,
        "",
        runs.failure,
    )


def _run(subject: Subject) -> float:
    """Microseconds a hit, in one script against a service of its own."""
    plan = subject.plan
    with scratch() as home:
        command = subject.program("tasks", "cached", plan.cached, plan.warm_up, folder=home)
        with service(subject, home) as up:
            rows = expected_rows(subject, plan.cached)
            recorded = record(subject, command, home, rows, url=up.url)
    seconds: float = recorded.report["tasks_s"]
    return seconds / (plan.cached - 1) * 1e6
