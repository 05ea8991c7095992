"""Whether a task costs the same when there are many of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from statistics import median

from bench.attempts import attempt
from bench.figures import Figure, number
from bench.ledgers import Curve, Recorded, record
from bench.processes import scratch, service
from bench.subjects import Subject
from bench.suite.sequential import expected_rows


def measure(subject: Subject) -> Iterator[Figure]:
    """The largest flow run's cost per task over the cheapest size's, and over its own beginning.

    The cheapest, not the smallest: the smallest carries what every flow run costs once, and growth
    would hide behind it.
    """
    sizes = subject.plan.sizes
    if not sizes:
        return
    large = sizes[-1]
    costs: dict[int, float] = {}
    within: list[float] = []
    for size in sizes:
        rounds = subject.plan.rounds if size < 100_000 else min(2, subject.plan.rounds)
        runs = attempt(rounds, partial(_flow_run_of, subject, size))
        if not runs.results:
            yield Figure("flat.sizes", _sizes(large), "×", failure=runs.failure)
            return
        costs[size] = median(run.readable_s / size * 1e6 for run in runs.results)
        if size == large:
            within = [later_over_earlier(run.curve) for run in runs.results]
    yield Figure(
        "flat.sizes",
        _sizes(large),
        "×",
        [costs[large] / min(costs.values())],
        "; ".join(f"{size:,}: {number(cost)} µs" for size, cost in costs.items()),
    )
    yield Figure(
        "flat.within",
        f"cost of a task within the {large:,}, from 40 to 70 % over from 10 to 40 %",
        "×",
        within,
    )


def _sizes(large: int) -> str:
    return f"cost of a task, {large:,} in a flow run, over the cheapest size"


def _flow_run_of(subject: Subject, size: int) -> Recorded:
    """One flow run of so many tasks, on a service and a ledger of its own."""
    with scratch() as home:
        command = subject.program("tasks", "sequential", size, subject.plan.warm_up, folder=home)
        with service(subject, home) as up:
            rows = expected_rows(subject, size)
            return record(subject, command, home, rows, url=up.url, follow_events=True)


def later_over_earlier(curve: Curve) -> float:
    """How much longer the events from 40 to 70 % took to arrive than those from 10 to 40 %.

    The first tenth is left out for what a flow run does once, the end because the script has done
    its part by then and leaves its core to the service. The time at which a number of events was
    reached is interpolated between the samples around it.
    """
    counted = [(at, seq) for at, seq in curve if at >= 0]
    first, last = counted[0][1], counted[-1][1]
    marks = [first + (last - first) * share for share in (0.1, 0.4, 0.7)]
    start, middle, finish = (_reached(counted, mark) for mark in marks)
    return (finish - middle) / (middle - start)


def _reached(curve: Curve, mark: float) -> float:
    """When the event log reached `mark` events."""
    for (at, seq), (next_at, next_seq) in pairwise(curve):
        if seq <= mark < next_seq:
            return at + (next_at - at) * (mark - seq) / (next_seq - seq)
    return next(at for at, seq in curve if seq >= mark)
