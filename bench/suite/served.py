"""Runs of a served deployment: how soon they begin, and how many there are in a minute."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from bench.attempts import attempt
from bench.figures import Figure
from bench.ledgers import COMPLETED_FLOW_RUNS, Recorded, record, wait_for_rows
from bench.processes import scratch, service, started
from bench.subjects import Subject

#: Runs under way at once.
LIMIT = 20
#: Runs before those that count: whatever is loaded for the first run is loaded then.
WARM_UP = 3
DEPLOYMENTS = "SELECT count(*) FROM deployment"


def measure(subject: Subject) -> Iterator[Figure]:
    """From asking for a run to its first line; and runs a minute when many are asked for."""
    plan = subject.plan
    runs = attempt(1, lambda: _run(subject))
    taken = [1000 * median(run.report["start_s"][WARM_UP:]) for run in runs.results]
    yield Figure(
        "deployed.start",
        f"a run of a served deployment, from asking to its first line{runs.remark}",
        "ms",
        taken,
        "",
        runs.failure,
    )
    yield Figure(
        "deployed.rate",
        f"runs of a served deployment, {LIMIT} at once, until completed",
        "runs/minute",
        [60 * plan.deployed_at_once / run.readable_s for run in runs.results],
        "",
        runs.failure,
    )


def _run(subject: Subject) -> Recorded:
    """One server of runs and one script that asks, against a service of their own."""
    plan = subject.plan
    with (
        scratch() as home,
        service(subject, home) as up,
        started(
            subject.program("served", LIMIT, folder=home), subject.environment(home, up.url), home
        ) as serving,
    ):
        database = home / subject.database
        wait_for_rows(serving, database, [(DEPLOYMENTS, 1)], plan.script)
        one_by_one = WARM_UP + plan.deployed
        command = subject.program("asks", one_by_one, plan.deployed_at_once, home, folder=home)
        rows = [(COMPLETED_FLOW_RUNS, one_by_one + plan.deployed_at_once)]
        return record(subject, command, home, rows, url=up.url)
