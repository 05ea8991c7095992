"""Reading a ledger back, and writing its rows again with nothing but SQLite."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import BenchmarkFailed, end, seconds_of
from bench.subjects import Subject

#: What must be there at the end: queries that count.
COMPLETED_FLOW_RUNS = "SELECT count(*) FROM flow_run WHERE state_type = 'COMPLETED'"
COMPLETED_TASK_RUNS = "SELECT count(*) FROM task_run WHERE state_type = 'COMPLETED'"
PROGRAM_LINES = "SELECT count(*) FROM log WHERE message LIKE 'line %'"

Expected = Sequence[tuple[str, int]]
Curve = list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A program's run, recorded in full.

    `report` is what the program printed. `readable_s` is how long after the flow was called the
    ledger could be read back complete. `curve` holds (seconds since the call, last event's number).
    """

    report: dict[str, Any]
    readable_s: float
    curve: Curve


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to a ledger that others may be writing."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        yield connection


def record(
    subject: Subject,
    command: list[str],
    home: Path,
    expected: Expected,
    *,
    url: str | None = None,
    follow_events: bool = False,
) -> Recorded:
    """Run a program and read the ledger until it holds everything that is `expected`.

    The queries are asked in order, each only when the one before is answered in full, so that the
    rows are counted once their flow run is finished, not all the time. The program's console goes
    to /dev/null. `follow_events` notes the progress of the event log.

    Raises:
        BenchmarkFailed: the program failed, or the rows did not come within the plan's `drain`.
    """
    process = subprocess.Popen(
        command,
        env=subject.environment(home, url),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + subject.plan.drain
    database = home / subject.database
    try:
        curve = _follow(process, database, expected, deadline, follow_events)
        done = time.monotonic()
        out, _ = process.communicate(timeout=max(1.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise BenchmarkFailed("the rows were there but the program did not end") from None
    except BenchmarkFailed:
        if process.poll():  # what it said went to /dev/null: hear it say it again
            seconds_of(command, subject.environment(home, url), subject.plan.script)
        raise
    finally:
        end(process)
        if process.stdout is not None:
            process.stdout.close()
    report = json.loads(out.splitlines()[-1])
    called = float(report["called"])
    return Recorded(report, done - called, [(at - called, seq) for at, seq in curve])


def wait_for_rows(
    process: subprocess.Popen[bytes], database: Path, expected: Expected, patience: float
) -> None:
    """Wait until a process that goes on has brought a ledger's rows to these counts.

    Raises:
        BenchmarkFailed: it ended, or they did not come within `patience` seconds.
    """
    _follow(process, database, expected, time.monotonic() + patience, follow_events=False)


def _follow(
    process: subprocess.Popen[bytes],
    database: Path,
    expected: Expected,
    deadline: float,
    follow_events: bool,
) -> Curve:
    """Wait until every count is reached; the event log's progress on the way."""
    curve: Curve = []
    waiting_for = list(expected)
    while not database.exists():
        _check(process, deadline, "no database")
        time.sleep(0.005)
    with reading(database) as connection:
        while waiting_for:
            query, wanted = waiting_for[0]
            found = _number(connection, query)
            if found == wanted:
                waiting_for.pop(0)
                continue
            _check(process, deadline, f"{found:,} of {wanted:,} rows")
            if follow_events:
                curve.append((time.monotonic(), _number(connection, "SELECT max(seq) FROM event")))
            time.sleep(0.005)
    return curve


def _check(process: subprocess.Popen[bytes], deadline: float, so_far: str) -> None:
    """Stop waiting for what will not come."""
    if process.poll():
        raise BenchmarkFailed(f"the program ended with exit code {process.returncode} ({so_far})")
    if time.monotonic() > deadline:
        raise BenchmarkFailed(f"not complete in time: {so_far}")


def _number(connection: sqlite3.Connection, query: str) -> int:
    """The one number that a query answers; 0 while its table is not there yet."""
    try:
        return connection.execute(query).fetchone()[0] or 0
    except sqlite3.OperationalError:
        return 0


def file_bytes(database: Path) -> int:
    """The size of a database that nobody has open, its write-ahead log folded in."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.stat().st_size


def raw_insert_seconds(database: Path, tables: Sequence[str], target: Path) -> float:
    """Seconds that the standard library's sqlite3 needs to insert the same rows again.

    The tables are made in a new file with the same columns and indexes, in WAL mode, and filled
    with `executemany` in one transaction a thousand rows. It is the floor under any recorder.
    """
    marks = ", ".join("?" * len(tables))
    with reading(database) as source:
        schema = source.execute(
            f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN ({marks})"
            " ORDER BY type DESC",
            tables,
        ).fetchall()
        contents = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for (statement,) in schema:
            connection.execute(statement)
        started = time.perf_counter()
        for table, rows in contents.items():
            if not rows:
                continue
            values = ", ".join("?" * len(rows[0]))
            for first in range(0, len(rows), 1000):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    f"INSERT INTO {table} VALUES ({values})", rows[first : first + 1000]
                )
                connection.execute("COMMIT")
        return time.perf_counter() - started
