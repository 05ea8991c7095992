"""A ledger with a million task runs, written straight into the tables: some seconds' work.

What a month of runs leaves: flow runs of 500 task runs each, of which one in fifty has failed.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from bench.postgres import postgres
from bench.processes import BenchmarkFailed

#: Task runs of a flow run, and rows in one transaction.
TASKS, CHUNK = 500, 50_000
#: Of how many task runs one is in each state, the rarest first.
RARE = ((500, "RUNNING"), (200, "CRASHED"), (50, "FAILED"))
_SECOND = 1_000_000


def cached_ledger(task_runs: int) -> Path:
    """The folder of a ledger file with so many task runs, made when it is not there yet."""
    home = _kept("million", task_runs)
    if not (home / "done").exists():
        for leftover in home.iterdir():
            leftover.unlink()
        fill(home / "ledger.db", task_runs)
        (home / "done").touch()
    return home


@contextmanager
def cached_postgres(task_runs: int) -> Iterator[str]:
    """The address of a ledger on PostgreSQL with so many task runs, made when it is not there yet.

    Its server runs until the block's end; its files are kept.

    Raises:
        BenchmarkFailed: the server is not installed.
    """
    from headrace_service.ledger import upkeep

    home = _kept("million-postgres", task_runs)
    with postgres(home) as url:
        if not (home / "done").exists():
            upkeep.upgrade(url)
            upkeep.reset(url)  # of what a run that was stopped has left
            fill(url, task_runs)
            upkeep.vacuum(url)  # as PostgreSQL does by itself, a minute later
            (home / "done").touch()
        yield url


def _kept(what: str, task_runs: int) -> Path:
    """The folder for a ledger of this version of the tables; it is there."""
    from headrace_service.ledger.migrations import LATEST

    kept = Path(tempfile.gettempdir()) / f"headrace-bench-{os.getuid()}"
    home = kept / f"{what}-{LATEST}-{task_runs}"
    home.mkdir(parents=True, exist_ok=True)
    return home


def fill(location: Path | str, task_runs: int) -> None:
    """Write so many task runs into a new ledger.

    Args:
        location: a SQLite file, or `postgresql://…`.
        task_runs: how many; each has its last event.

    Raises:
        BenchmarkFailed: there are runs in it.
    """
    from headrace_service.ledger import Ledger
    from headrace_service.ledger.models import FlowRun
    from headrace_service.ledger.rows import INSERT_EVENT, INSERT_TASK_RUN

    ledger = Ledger.open(location)
    try:
        if ledger.read(lambda db: FlowRun.select().exists(db)).result():
            raise BenchmarkFailed(f"{location} has runs already")
        begin = time.time_ns() // 1000 - 86_400 * _SECOND
        owners = list(range(-(-task_runs // TASKS)))
        ledger.write(_write_flow_runs, owners, begin).result()
        rows = _task_runs(task_runs, begin)
        while chunk := list(islice(rows, CHUNK)):
            events = [_event(row) for row in chunk]
            ledger.write(_insert, INSERT_TASK_RUN, chunk).result()
            ledger.write(_insert, INSERT_EVENT, events).result()
    finally:
        ledger.close()


def _insert(db: Any, statement: Any, rows: list[tuple[Any, ...]]) -> None:
    statement.run_many(db, rows)


def _key(kind: int, number: int, at: int) -> bytes:
    """An id as UUIDv7 has it: ids of one kind are in the order of their numbers."""
    return (
        (at // 1000).to_bytes(6, "big") + bytes([0x70, kind, 0x80, 0]) + number.to_bytes(6, "big")
    )


def _write_flow_runs(db: Any, owners: list[int], begin: int) -> None:
    from headrace_service.ledger.models import Flow
    from headrace_service.ledger.rows import INSERT_FLOW_RUN

    flow = _key(1, 1, begin)
    Flow.insert({Flow.id: flow, Flow.name: "etl", Flow.created_at: begin}).execute(db)
    INSERT_FLOW_RUN.run_many(db, [_flow_run(number, flow, begin) for number in owners])


def _flow_run(number: int, flow: bytes, begin: int) -> tuple[Any, ...]:
    at = begin + number * _SECOND
    state = ("COMPLETED", "Completed", None, at + _SECOND, 1)
    return (
        _key(2, number, at),
        flow,
        None,
        f"run-{number:06}",
        *state,
        "{}",
        json.dumps(["nightly"]),
        None,
        None,
        _key(3, number, at),
        at,
        at,
        at + _SECOND,
        json.dumps({"COMPLETED": TASKS}),
    )


def _task_runs(count: int, begin: int) -> Iterator[tuple[Any, ...]]:
    for number in range(count):
        owner = number // TASKS
        at = begin + owner * _SECOND + number % TASKS * 1000
        kind = next((kind for every, kind in RARE if number % every == every - 1), "COMPLETED")
        end = None if kind == "RUNNING" else at + 500 + number * 7919 % 100_000
        yield (
            _key(4, number, at),
            _key(2, owner, begin + owner * _SECOND),
            f"task-{number % 7}",
            f"task-{number % 7}-{number:07}",
            kind,
            kind.capitalize(),
            None,
            at if end is None else end,
            1,
            None,
            None,
            at,
            at,
            end,
            None,
        )


def _event(row: tuple[Any, ...]) -> tuple[Any, ...]:
    payload = f'{{"type":"{row[4]}","name":"{row[5]}","run_count":1}}'
    return row[7], "task_run", row[1], row[0], payload
