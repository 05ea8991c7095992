"""Many processes record into one ledger file, with no service: nothing may be lost or refused.

    python -m bench.soak_many_writers --seconds 30 --writers 16

Each writer records flow runs with task runs and log lines as fast as the file takes them. In the
end every record must be there once, and no process may have complained. Exit code 0 if so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peewee

from headrace.recorder import Settled, get_recorder, shutdown
from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    LogLine,
    StateChange,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
    now_micros,
)
from headrace_service.ledger import Ledger
from headrace_service.ledger.models import FlowRun, Log, TaskRun

#: Task runs in each flow run of a writer.
TASKS = 50

Counts = tuple[int, int, int]


def write(seconds: float) -> Counts:
    """Record for so long; how many flow runs, task runs and log lines were acknowledged."""
    from uuid_utils.compat import uuid7

    def enter(kind: StateType) -> StateChange:
        return StateChange(kind, kind.value.capitalize(), now_micros(), None, 1)

    recorder = get_recorder()
    end = time.monotonic() + seconds
    flow_runs = task_runs = lines = 0
    while time.monotonic() < end:
        flow_run = uuid7()
        recorder.record(FlowRunCreated(flow_run, "soak", "soak", enter(StateType.RUNNING)))
        for _ in range(TASKS):
            task_run = uuid7()
            recorder.record(
                TaskRunCreated(task_run, "t", "t", enter(StateType.RUNNING), flow_run_id=flow_run)
            )
            recorder.record(LogLine(now_micros(), 20, "soak", str(lines), flow_run, task_run))
            recorder.record(TaskRunChanged(task_run, enter(StateType.COMPLETED)))
            task_runs, lines = task_runs + 1, lines + 1
        recorder.record(FlowRunChanged(flow_run, enter(StateType.COMPLETED)))
        flow_runs += 1
        if recorder.flush(120.0) is not Settled.ACKNOWLEDGED:
            raise SystemExit("records were not acknowledged within two minutes")
    if recorder.refused:
        raise SystemExit(f"{recorder.refused} records were refused")
    shutdown()
    return flow_runs, task_runs, lines


def count(path: Path) -> Counts:
    """How many flow runs, task runs and log lines are in a sound ledger file, all completed."""

    def query(db: peewee.Database) -> Counts:
        if db.execute_sql("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise SystemExit(f"{path} is damaged")
        done = StateType.COMPLETED.value
        return (
            FlowRun.select().where(FlowRun.state_type == done).count(db),
            TaskRun.select().where(TaskRun.state_type == done).count(db),
            Log.select().count(db),
        )

    ledger = Ledger.open(path)
    try:
        return ledger.read(query).result()
    finally:
        ledger.close()


def soak(seconds: float, writers: int) -> str | None:
    """Let so many writers write for so long; what went wrong, or None. Prints what there is."""
    with tempfile.TemporaryDirectory(prefix="headrace-soak-") as home:
        environment = {**os.environ, "HEADRACE_HOME": home}
        environment.pop("HEADRACE_API_URL", None)
        command = [sys.executable, "-m", "bench.soak_many_writers", "--write", str(seconds)]
        processes = [
            subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(writers)
        ]
        written = [0, 0, 0]
        problems = []
        for process in processes:
            out, err = process.communicate()
            if process.returncode or err:
                problems.append(f"a writer ended with {process.returncode}: {err.strip()}")
            else:
                written = [a + int(b) for a, b in zip(written, out.split(), strict=True)]
        if problems:
            return "\n".join(problems)
        found = count(Path(home) / "ledger.db")
        print(
            f"{writers} processes, {seconds:g} s: {found[0]:,} flow runs, {found[1]:,} task runs, "
            f"{found[2]:,} log lines in one file; none lost"
        )
        if found != tuple(written):
            return f"written {tuple(written)}, found {found}"
        if not all(written):
            return "nothing was written at all"
    return None


def main() -> str | None:
    """The command; what went wrong."""
    parser = argparse.ArgumentParser(description="Many processes record into one ledger file.")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long (default 30)")
    parser.add_argument("--writers", type=int, default=16, help="how many (default 16)")
    parser.add_argument("--write", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write is not None:
        print(*write(arguments.write))
        return None
    return soak(arguments.seconds, arguments.writers)


if __name__ == "__main__":
    sys.exit(main())
