"""For tests that run flows: a home of their own, what was recorded in it, and a virtual clock."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from headrace.client import Client, work
from headrace.context import Assignment, Environment, get_environment, use_environment
from headrace.ids import new_id
from headrace.recorder import shutdown
from headrace.records import Record
from headrace.settings import Settings, get_settings
from tests.builders import EPOCH


class Book:
    """What is recorded in a ledger file, read by plain SQL."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """The rows of a query."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def flow_runs(self) -> list[dict[str, Any]]:
        """All flow runs with the names of their flows, in the order of their creation."""
        return self.rows(
            "SELECT flow_run.*, flow.name AS flow FROM flow_run "
            "JOIN flow ON flow.id = flow_run.flow_id ORDER BY flow_run.id"
        )

    def task_runs(self) -> list[dict[str, Any]]:
        """All task runs, in the order of their creation."""
        return self.rows("SELECT * FROM task_run ORDER BY id")

    def task_run(self, name: str) -> dict[str, Any]:
        """The task run with that name."""
        (run,) = self.rows("SELECT * FROM task_run WHERE name = ?", name)
        return run

    def history(self, run: dict[str, Any]) -> list[str]:
        """The names of the states that a run went through."""
        rows = self.rows("SELECT payload FROM event WHERE subject_id = ? ORDER BY seq", run["id"])
        return [json.loads(row["payload"])["name"] for row in rows]

    def inputs(self, name: str) -> dict[str, list[str]]:
        """Which runs' results went into a task run, by parameter; the runs by name."""
        names = {
            bytes(run["id"]).hex(): run["name"] for run in [*self.flow_runs(), *self.task_runs()]
        }
        found: dict[str, list[str]] = json.loads(self.task_run(name)["inputs"] or "{}")
        return {
            parameter: [names[run_id.replace("-", "")] for run_id in ids]
            for parameter, ids in found.items()
        }

    def messages(self) -> list[str]:
        """The text of all log lines, in order."""
        return [row["message"] for row in self.rows("SELECT message FROM log ORDER BY seq")]


class VirtualClock:
    """Time that passes only while somebody sleeps; how long each slept is in `slept`."""

    def __init__(self) -> None:
        self.micros = EPOCH
        self.slept: list[float] = []

    def now(self) -> int:
        return self.micros

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.micros += int(seconds * 1_000_000)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


class ListRecorder:
    """Keeps records in a list; `flushes` holds how many there were at each flush."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.flushes: list[int] = []

    def record(self, record: Record) -> None:
        self.records.append(record)

    def hurry(self) -> None:
        """They are here already."""

    def flush(self, timeout: float | None = None) -> None:
        self.flushes.append(len(self.records))


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A new HEADRACE_HOME, recorded to without a service, and what stands in its ledger."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    monkeypatch.delenv("HEADRACE_API_URL", raising=False)
    shutdown()
    get_settings.cache_clear()
    yield Book(tmp_path / "ledger.db")
    shutdown()
    get_settings.cache_clear()


@pytest.fixture
def clock(book: Book) -> Iterator[VirtualClock]:
    """A virtual clock for the runs of the test, which are recorded as ever."""
    own = get_environment()
    clock = VirtualClock()
    with use_environment(Environment(own.settings, own.recorder, clock)):
        yield clock


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ListRecorder]:
    """Records of the test's runs in a list, with a virtual clock.

    Only what is asked for besides, such as the limits of tags, makes a ledger in the test's folder.
    """
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path))
    get_settings.cache_clear()
    recorder = ListRecorder()
    with use_environment(Environment(Settings(home=tmp_path), recorder, VirtualClock())):
        yield recorder
    shutdown()
    get_settings.cache_clear()


def assigned(flow_name: str) -> Assignment:
    """A new run of a deployment, which a worker has claimed and this process is to execute."""
    wanted = {"flowName": flow_name, "name": "d", "entrypoint": "served.py:served"}
    with Client() as client:
        client.perform(work.apply_deployment(wanted))
        client.perform(work.create_flow_run({"deployment": f"{flow_name}/d"}))
    return assigned_anew(flow_name)


def assigned_anew(flow_name: str) -> Assignment:
    """The one run of that deployment that is due, claimed: by a new process, if it had another."""
    worker = {"workerId": str(new_id()), "workerName": "w", "host": "here", "pid": 1}
    with Client() as client:
        deployment = client.perform(work.deployment(f"{flow_name}/d"))
        assert deployment is not None
        deployed = deployment["id"]
        asked = {**worker, "leaseSeconds": 60, "limit": 1, "deploymentIds": [deployed]}
        (run,) = client.perform(work.claim_flow_runs(asked))["runs"]
    given = UUID(run["flowRunId"]), run["name"], run["epoch"], run["runCount"]
    return Assignment(*given, UUID(deployed), "d", None, {}, lambda: None)
