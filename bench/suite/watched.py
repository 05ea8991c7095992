"""Subscribers: how late an event reaches them, and what they cost the service."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from bench.attempts import attempt
from bench.figures import Figure
from bench.processes import BenchmarkFailed, cpu_seconds_of, last_line, scratch, service
from bench.subjects import Subject

#: Events a second; subscribers to everything, and to a run each.
RATE, EVERYTHING, RUNS = 1_000, 10, 200


@dataclass(frozen=True, slots=True)
class Watched:
    """How late the events were, in ms, and the processor time of the service in % of a core."""

    p50: float
    p99: float
    most: float
    cpu: float


def measure(subject: Subject) -> Iterator[Figure]:
    """From before an event is sent off until a subscriber has it; none is lost."""
    if subject.name != "headrace":  # nobody else follows over GraphQL
        return
    runs = attempt(1, lambda: _run(subject))
    what = f"{RATE:,} events/s to {EVERYTHING} who follow all and {RUNS} who follow a run"
    yield Figure(
        "watched.p99",
        f"{what}: p99 until received, none lost{runs.remark}",
        "ms",
        [run.p99 for run in runs.results],
        "; ".join(f"p50: {run.p50:.0f} ms, most: {run.most:.0f} ms" for run in runs.results),
        runs.failure,
    )
    yield Figure(
        "watched.cpu",
        f"{what}: the service's processor time",
        "% of a core",
        [run.cpu for run in runs.results],
        "",
        runs.failure,
    )


def _run(subject: Subject) -> Watched:
    seconds = subject.plan.watched
    with scratch() as home, service(subject, home) as up:
        command = subject.program("watches", up.url, seconds, RATE, EVERYTHING, RUNS, folder=home)
        before = cpu_seconds_of(up.pid)
        done = subprocess.run(
            command,
            env=subject.environment(home, up.url),
            capture_output=True,
            text=True,
            timeout=subject.plan.script + seconds,
            check=False,
        )
        used = cpu_seconds_of(up.pid) - before
    if done.returncode != 0:
        raise BenchmarkFailed(last_line(done.stderr))
    told = json.loads(done.stdout)
    if told["received"] != told["expected"]:
        raise BenchmarkFailed(f"{told['received']} of {told['expected']} events were received")
    return Watched(told["p50_ms"], told["p99_ms"], told["most_ms"], 100 * used / seconds)
