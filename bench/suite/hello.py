"""Hello world: a script with one flow and two tasks, from its start to its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.attempts import Attempts, attempt
from bench.figures import Figure, number
from bench.processes import BenchmarkFailed, scratch, seconds_of, service
from bench.subjects import Subject


def measure(subject: Subject) -> Iterator[Figure]:
    """Seconds of the whole process: with no service (existing and new home), and with one up."""
    plan = subject.plan
    with scratch() as folder:
        command = subject.program("hello", folder=folder)

        def hello(home: Path, url: str | None = None) -> float:
            return seconds_of(command, subject.environment(home, url), plan.script)

        python = [str(subject.python), "-c", "pass"]
        environment = subject.environment(folder)
        bare = median(seconds_of(python, environment, plan.script) for _ in range(3))
        baseline = f"python -c pass: {number(bare)} s"

        def figure(key: str, how: str, runs: Attempts[float]) -> Figure:
            what = f"hello world, whole process, {how}{runs.remark}"
            return Figure(key, what, "s", runs.results, baseline, runs.failure)

        home = folder / "home"
        home.mkdir()
        attempt(1, lambda: hello(home))  # makes the ledger, compiles the bytecode
        embedded = attempt(plan.hellos, lambda: hello(home))
        yield figure("hello.embedded", "no service", embedded)

        def in_new_home() -> float:
            with scratch() as new:
                return hello(new)

        yield figure("hello.new", "no service, new home", attempt(plan.hellos, in_new_home))
        yield figure("hello.http", "service up", _with_service(subject, command))


def _with_service(subject: Subject, command: list[str]) -> Attempts[float]:
    """The same against a running service, after a first run that is not counted."""
    plan = subject.plan
    try:
        with scratch() as home, service(subject, home) as up:
            environment = subject.environment(home, up.url)
            attempt(1, lambda: seconds_of(command, environment, plan.script))
            return attempt(plan.hellos, lambda: seconds_of(command, environment, plan.script))
    except BenchmarkFailed as failure:
        return Attempts(failures=[str(failure)])
