"""Batches of records, ready made, through the service's mutation: one client, and eight at once.

Client, service and database share the processors, as they do on one machine.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from bench.attempts import Attempts, attempt
from bench.figures import Figure
from bench.postgres import postgres
from bench.processes import BenchmarkFailed, end, scratch, service
from bench.subjects import Subject

CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Run:
    """Records a second of one client by itself and of eight together.

    `share` is what the slowest of the eight got, of an eighth of what all got in that time.
    """

    alone: float
    together: float
    share: float


def measure(subject: Subject) -> Iterator[Figure]:
    """Records a second into a SQLite file and into PostgreSQL."""
    if subject.name != "headrace":
        return  # a peer has no such mutation
    for database in ("SQLite", "PostgreSQL"):
        runs = attempt(subject.plan.rounds, partial(_run, subject, database))
        yield from _figures(database, runs)


def _figures(database: str, runs: Attempts[Run]) -> Iterator[Figure]:
    key, unit = f"recording.{database.lower()}", "records/s"
    what = f"records through the mutation into {database}"
    alone = [run.alone for run in runs.results]
    yield Figure(key, f"{what}{runs.remark}", unit, alone, "", runs.failure)
    together = [run.together for run in runs.results]
    one = f"one client: {median(alone):,.0f}/s" if alone else ""
    yield Figure(f"{key}.eight", f"{what}, eight clients", unit, together, one, runs.failure)
    shares = [run.share * 100 for run in runs.results]
    slowest = f"{what}, the slowest of eight clients"
    yield Figure(f"{key}.share", slowest, "% of a fair share", shares, "", runs.failure)


def _run(subject: Subject, database: str) -> Run:
    batches = subject.plan.batches
    with ExitStack() as stack:
        home = stack.enter_context(scratch())
        if database == "PostgreSQL":
            extra = ("HEADRACE_DATABASE", stack.enter_context(postgres(home)))
            subject = replace(subject, extra=(*subject.extra, extra))
        url = stack.enter_context(service(subject, home)).url
        command = subject.program("batches", batches, folder=home)
        _send(subject, [*command[:-1], "5"], home, url, 1)  # the first ones are slower
        (alone,) = _send(subject, command, home, url, 1)
        each = [*command[:-1], str(batches // 2)]
        reports = _send(subject, each, home, url, CLIENTS)
    seconds = [report["ended"] - report["began"] for report in reports]
    whole = max(r["ended"] for r in reports) - min(r["began"] for r in reports)
    records = sum(report["records"] for report in reports)
    return Run(
        alone=alone["records"] / (alone["ended"] - alone["began"]),
        together=records / whole,
        share=sum(seconds) / len(seconds) / max(seconds),
    )


def _send(
    subject: Subject, command: list[str], home: Path, url: str, clients: int
) -> list[dict[str, float]]:
    """Let so many clients begin together; what they report."""
    started = [
        subprocess.Popen(
            command,
            env=subject.environment(home, url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        for _ in range(clients)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                raise BenchmarkFailed("a client did not come up")
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
        outs = [process.communicate(timeout=subject.plan.drain)[0] for process in started]
        return [json.loads(out.splitlines()[-1]) for out in outs]
    except (subprocess.TimeoutExpired, IndexError):
        raise BenchmarkFailed("the batches were not all taken") from None
    finally:
        for process in started:
            end(process)
