"""Slots of a concurrency limit: taken and given back by one, and by a crowd that waits for them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from bench.attempts import Attempts, attempt
from bench.figures import Figure
from bench.processes import BenchmarkFailed, last_line, scratch, service
from bench.subjects import Subject

#: Threads that wait for a limit of `LIMIT`, and how often each takes a slot.
CROWD, LIMIT = 64, 5


@dataclass(frozen=True, slots=True)
class _Run:
    """What one program has measured, in seconds."""

    alone_s: list[float]
    crowd_s: float
    waits_s: list[float]


def measure(subject: Subject) -> Iterator[Figure]:
    """One thread on a free limit, and a crowd on a small one: with no service, and with one."""
    embedded = attempt(subject.plan.services, lambda: _without_service(subject))
    yield _alone("slots.embedded", "no service", embedded)
    over_http = attempt(subject.plan.services, lambda: _with_service(subject))
    yield _alone("slots.http", "service up", over_http)
    yield _rate(subject, "slots.crowd.embedded", "no service", embedded)
    yield _rate(subject, "slots.crowd.http", "service up", over_http)
    yield _fairness("slots.fair.embedded", "no service", embedded)
    yield _fairness("slots.fair.http", "service up", over_http)


def _alone(key: str, how: str, runs: Attempts[_Run]) -> Figure:
    what = f"a slot taken and given back, median, {how}{runs.remark}"
    values = [1000 * median(run.alone_s) for run in runs.results]
    return Figure(key, what, "ms", values, "", runs.failure)


def _rate(subject: Subject, key: str, how: str, runs: Attempts[_Run]) -> Figure:
    what = f"{CROWD} threads on a limit of {LIMIT}, empty blocks, {how}{runs.remark}"
    values = [CROWD * subject.plan.slots_each / run.crowd_s for run in runs.results]
    return Figure(key, what, "blocks/s", values, "", runs.failure)


def _fairness(key: str, how: str, runs: Attempts[_Run]) -> Figure:
    what = f"the longest wait of that crowd, in mean waits, {how}{runs.remark}"
    values = [max(run.waits_s) / mean(run.waits_s) for run in runs.results]
    return Figure(key, what, "×", values, "", runs.failure)


def _without_service(subject: Subject) -> _Run:
    with scratch() as home:
        return _run(subject, home, None)


def _with_service(subject: Subject) -> _Run:
    with scratch() as home, service(subject, home) as up:
        return _run(subject, home, up.url)


def _run(subject: Subject, home: Path, url: str | None) -> _Run:
    """The program's figures, on a limit that is made first."""
    plan = subject.plan
    _output(subject, subject.command("gcl", "create", "bench", "--limit", str(LIMIT)), home, url)
    command = subject.program("slots", plan.slots_alone, CROWD, plan.slots_each, folder=home)
    return _Run(**json.loads(_output(subject, command, home, url).splitlines()[-1]))


def _output(subject: Subject, command: list[str], home: Path, url: str | None) -> str:
    """What a command prints.

    Raises:
        BenchmarkFailed: it failed, or took too long.
    """
    plan = subject.plan
    try:
        done = subprocess.run(
            command,
            env=subject.environment(home, url),
            cwd=home,
            capture_output=True,
            text=True,
            timeout=plan.drain,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkFailed(f"not done after {plan.drain:.0f} s") from None
    if done.returncode != 0:
        raise BenchmarkFailed(last_line(done.stderr))
    return done.stdout
