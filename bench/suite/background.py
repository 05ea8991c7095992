"""Background runs of a task: how fast they are asked for, and executed by one worker."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.attempts import attempt
from bench.figures import Figure
from bench.ledgers import COMPLETED_TASK_RUNS, Recorded, record
from bench.processes import scratch, service, started
from bench.subjects import Subject

#: Runs that the worker executes at once.
LIMIT = 20
#: Seconds that the worker gets to come up before the first run is asked for.
COMING_UP = 3


def measure(subject: Subject) -> Iterator[Figure]:
    """Calls of `delay` a second, and runs a second until they have completed."""
    count = subject.plan.background
    runs = attempt(subject.plan.services, lambda: _run(subject))
    yield Figure(
        "background.delay",
        f"delay of {count:,} background runs of a task, the caller's time{runs.remark}",
        "calls/s",
        [count / run.report["asked_s"] for run in runs.results],
        "",
        runs.failure,
    )
    yield Figure(
        "background.rate",
        f"background runs of a task by one worker, {LIMIT} at once, until completed",
        "runs/s",
        [count / run.readable_s for run in runs.results],
        "",
        runs.failure,
    )


def _run(subject: Subject) -> Recorded:
    """One worker and one script that asks, against a service of their own."""
    count = subject.plan.background
    with scratch() as home, service(subject, home) as up:
        serving = subject.program("background", "serve", LIMIT, folder=home)
        with started(serving, subject.environment(home, up.url), home):
            time.sleep(COMING_UP)  # a peer's worker tells nobody that it has come up
            command = subject.program("background", "ask", count, folder=home)
            return record(subject, command, home, [(COMPLETED_TASK_RUNS, count)], url=up.url)
