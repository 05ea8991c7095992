"""A flow run while its service dies and comes back, or while its own process dies."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import peewee
import pytest

from headrace_service.ledger import Ledger
from headrace_service.ledger.models import Event, FlowRun, Log, TaskRun
from tests.faults.processes import Service, running
from tests.recorder_kit import until

TASKS = 2_000
#: The lines would fill the pipe to the test, which nobody empties.
QUIET = {"HEADRACE_LOGGING_TO_CONSOLE": "0"}


def states(path: Path) -> tuple[list[str], Counter[str], Counter[str], Counter[bytes]]:
    """A ledger's flow runs' and task runs' states, its log messages, and the ends of runs."""

    def query(
        db: peewee.Database,
    ) -> tuple[list[str], Counter[str], Counter[str], Counter[bytes]]:
        assert db.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
        flow_runs = [kind for (kind,) in FlowRun.select(FlowRun.state_type).tuples().execute(db)]
        task_runs = Counter(
            kind for (kind,) in TaskRun.select(TaskRun.state_type).tuples().execute(db)
        )
        logs = Counter(message for (message,) in Log.select(Log.message).tuples().execute(db))
        ended = Event.select(Event.subject_id).where(Event.payload.contains("COMPLETED"))
        ends = Counter(run.bytes for (run,) in ended.tuples().execute(db))
        return flow_runs, task_runs, logs, ends

    ledger = Ledger.open(path)
    try:
        return ledger.read(query).result()
    finally:
        ledger.close()


def test_a_flow_outlives_its_service(service: Service, home: Path) -> None:
    with running(service.environment | QUIET, "flow_of_tasks", str(TASKS)) as script:
        assert script.hear() == "halfway"
        service.kill()
        script.tell()
        until(lambda: any((home / "spool").glob("*.spool")), "the script spools")
        service.restart()
        assert script.hear() == "the last"
        script.tell()
        assert script.hear() == str(sum(2 * number for number in range(TASKS)))
        script.finish()
        assert script.code == 0
    flow_runs, task_runs, logs, ends = states(service.path)
    assert flow_runs == ["COMPLETED"]
    assert task_runs == {"COMPLETED": TASKS}
    assert set(ends.values()) == {1}
    assert len(ends) == TASKS + 1
    assert [logs[f"line {number}"] for number in range(TASKS)] == [1] * TASKS


def test_flows_do_not_wait_for_a_service_that_is_away(service: Service, home: Path) -> None:
    # Each of the 21 flows and the end would wait for ever, or as long as this.
    environment = service.environment | {"HEADRACE_SETTLE_TIMEOUT": "3600"}
    with running(environment, "flows_without_service") as script:
        assert script.hear() == "1"
        service.kill()
        script.tell()
        assert script.hear() == "done"
        _, err = script.finish()
        assert script.code == 0
    assert "records wait in" in err
    service.restart()
    with running(service.environment, "one_line", "the next") as script:
        assert script.finish() == ("", "")
    assert states(service.path)[0] == ["COMPLETED"] * 21


@pytest.mark.parametrize("transport", ["embedded", "http"])
def test_the_ledger_of_a_killed_flow_is_consistent(
    request: pytest.FixtureRequest, home: Path, transport: str
) -> None:
    environment, path = {}, home / "ledger.db"
    if transport == "http":
        service: Service = request.getfixturevalue("service")
        environment, path = service.environment, service.path
    with running(environment | QUIET, "flow_of_tasks", str(TASKS)) as script:
        assert script.hear() == "halfway"
        until(lambda: done(path) == TASKS // 2, "the first half is recorded")
        script.kill()
    flow_runs, task_runs, logs, _ = states(path)
    assert len(flow_runs) == 1
    assert task_runs == {"COMPLETED": TASKS // 2}
    assert [logs[f"line {number}"] for number in range(TASKS // 2)] == [1] * (TASKS // 2)
    with running(environment | QUIET, "flow_of_tasks", "10") as script:
        script.tell()
        script.finish()
        assert script.code == 0
    until(lambda: sorted(states(path)[0]) == ["COMPLETED", "CRASHED"], "the killed one has crashed")


def done(path: Path) -> int:
    """How many task runs a ledger file holds as completed."""
    assert os.path.exists(path)
    return states(path)[1]["COMPLETED"]
