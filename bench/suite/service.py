"""The service by itself: until it is ready, and what it takes when nothing happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.attempts import Attempts, attempt
from bench.figures import Figure, number
from bench.processes import cpu_seconds_of, memory_of, scratch, seconds_of, service
from bench.subjects import Subject

SETTLE_SECONDS = 5  #: between its first run and the look at its memory
IDLE_SECONDS = 10  #: over which its processor time is taken


@dataclass(frozen=True, slots=True)
class Idle:
    """A service that nobody talks to any more: memory in MB, processor time in percent of a core.

    It has recorded one hello world before: what it loads for its first request is in the figure.
    """

    resident: float
    proportional: float
    cpu: float


def measure(subject: Subject) -> Iterator[Figure]:
    """Seconds until the first healthy answer; memory and processor time once it is idle again."""
    times = subject.plan.services
    with scratch() as home:
        python = [str(subject.python), "-c", "pass"]
        bare = seconds_of(python, subject.environment(home), subject.plan.script)
        attempt(1, lambda: _ready(subject, home))  # makes the ledger, compiles the bytecode
        known = attempt(times, lambda: _ready(subject, home))
    baseline = f"python -c pass: {number(bare)} s"
    yield _figure("service.ready", "service ready, existing ledger", "s", known, baseline)

    def in_new_home() -> float:
        with scratch() as new:
            return _ready(subject, new)

    fresh = attempt(times, in_new_home)
    yield _figure("service.new", "service ready, new ledger", "s", fresh, baseline)

    idle = attempt(times, lambda: _idle(subject))
    resident = Attempts([run.resident for run in idle.results], idle.failures)
    shares = [run.proportional for run in idle.results]
    proportional = f"proportional (PSS): {number(median(shares))} MB" if shares else ""
    yield _figure("service.memory", "service, idle memory (RSS)", "MB", resident, proportional)
    cpu = Attempts([run.cpu for run in idle.results], idle.failures)
    yield _figure("service.cpu", "service, idle processor time", "% of a core", cpu, "")


def _figure(key: str, what: str, unit: str, runs: Attempts[float], baseline: str) -> Figure:
    return Figure(key, what + runs.remark, unit, runs.results, baseline, runs.failure)


def _ready(subject: Subject, home: Path) -> float:
    with service(subject, home) as up:
        return up.ready_s


def _idle(subject: Subject) -> Idle:
    with scratch() as home, service(subject, home) as up:
        hello = subject.program("hello", folder=home)
        seconds_of(hello, subject.environment(home, up.url), subject.plan.script)
        time.sleep(SETTLE_SECONDS)
        resident, proportional = memory_of(up.pid)
        before = cpu_seconds_of(up.pid)
        time.sleep(IDLE_SECONDS)
        used = cpu_seconds_of(up.pid) - before
    return Idle(resident / 1e6, proportional / 1e6, used / IDLE_SECONDS * 100)
