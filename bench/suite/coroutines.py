"""Coroutines that are tasks, and sleep for a second all at once in one flow run."""

from __future__ import annotations

from collections.abc import Iterator

from bench.attempts import attempt
from bench.figures import Figure
from bench.ledgers import Recorded, record
from bench.processes import scratch, service
from bench.subjects import Subject
from bench.suite.sequential import expected_rows


def measure(subject: Subject) -> Iterator[Figure]:
    """How long a flow takes whose tasks all sleep for a second at the same time."""
    plan = subject.plan
    runs = attempt(plan.rounds, lambda: _run(subject))
    yield Figure(
        "coroutines",
        f"a flow of {plan.coroutines:,} tasks that sleep for 1 s at once{runs.remark}",
        "s",
        [run.report["flow_s"] for run in runs.results],
        "the sleep itself: 1 s",
        runs.failure,
    )


def _run(subject: Subject) -> Recorded:
    """One script against a service of its own with a new ledger."""
    plan = subject.plan
    with scratch() as home:
        command = subject.program("tasks", "sleep", plan.coroutines, plan.warm_up, folder=home)
        with service(subject, home) as up:
            rows = expected_rows(subject, plan.coroutines)
            return record(subject, command, home, rows, url=up.url)
