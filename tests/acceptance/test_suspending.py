"""Runs that are suspended: their process ends, and another goes on once they are resumed."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import pytest

from headrace.client import operations, work
from headrace.flow_runs import resume_flow_run, suspend_flow_run
from tests.acceptance.scripts import Workplace

#: A flow that tells, in a file, which of its parts ran in which process.
SERVED = """
import os
import time
from pathlib import Path

from headrace import flow, pause_flow_run, suspend_flow_run, task
from headrace.input import RunInput

def note(what):
    with Path("notes").open("a") as notes:
        notes.write(f"{what} {os.getpid()}\\n")

class Approval(RunInput):
    reason: str

@task(persist_result=True)
def prepare(x):
    note(f"prepare {x}")
    return x + 1

@task
def publish(x, reason):
    note(f"publish {x} {reason}")

@flow(persist_result=True, on_completion=[lambda *_: note("completed")],
      on_crashed=[lambda *_: note("crashed")], on_failure=[lambda *_: note("failed")])
def release(x: int = 1):
    note("flow")
    planned = pause_flow_run(wait_for_input=Approval)
    prepared = prepare.submit(x)
    approval = suspend_flow_run(wait_for_input=Approval)
    suspend_flow_run()
    publish(prepared.result(), f"{planned.reason}, {approval.reason}")
    return "released"

@flow(persist_result=True)
async def later():
    note("flow")
    await suspend_flow_run()
    return "later"

@flow(on_crashed=[lambda *_: note("crashed")], on_cancellation=[lambda *_: note("cancelled")])
def long():
    note("flow")
    while not Path("released").exists():
        time.sleep(0.05)
    return "released"

@flow(on_crashed=[lambda *_: note("crashed")], on_failure=[lambda *_: note("failed")],
      on_cancellation=[lambda *_: note("cancelled")])
def paused():
    note("flow")
    pause_flow_run(timeout=3600)
    note("went on")

@flow
def impatient():
    suspend_flow_run(timeout=0)

if __name__ == "__main__":
    import sys
    flows = {"release": release, "later": later, "long": long, "paused": paused,
             "impatient": impatient}
    flows[sys.argv[1]].serve(name="served")
"""


def test_a_suspended_run_ends_its_process_and_goes_on_in_another(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _act_at(workplace, monkeypatch)
    workplace.write("served.py", SERVED)
    with workplace.started("served.py", "release") as script:
        workplace.until(workplace.deployments, "it is served")
        run_id = UUID(workplace.ask(work.create_flow_run({"deployment": "release/served"}))["id"])
        workplace.until(lambda: workplace.runs("PAUSED"), "it is paused")
        resume_flow_run(run_id, run_input={"reason": "planned"})
        _until_suspended(workplace)
        # The process that has suspended it has ended, and that is not the run's end.
        workplace.until(lambda: not _lives(_notes(workplace)[-1][1]), "its process ends")
        with pytest.raises(RuntimeError, match="'reason' is a required property"):
            resume_flow_run(run_id)
        resume_flow_run(run_id, run_input={"reason": "tested"})
        workplace.until(lambda: len(_notes(workplace)) == 3, "it runs once more")
        _until_suspended(workplace)
        resume_flow_run(run_id)
        workplace.until(lambda: workplace.runs("COMPLETED"), "it has completed")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert [what for what, _ in _notes(workplace)] == [
        *("flow", "prepare 1"),
        "flow",
        *("flow", "publish 2 planned, tested", "completed"),
    ]
    processes = [pid for what, pid in _notes(workplace) if what == "flow"]
    assert len(set(processes)) == 3
    run = workplace.ask(operations.flow_run(run_id))
    assert run is not None
    assert [state["name"] for state in run["stateHistory"]] == [
        *("Scheduled", "Pending", "Running", "Paused", "Running", "Suspended", "Resuming"),
        *("Pending", "Running", "Suspended", "Resuming"),
        *("Pending", "Running", "Completed"),
    ]
    states = [each["state"]["name"] for each in _task_runs(workplace, run_id)]
    assert sorted(states) == ["Cached", "Cached", "Completed", "Completed"]


def test_an_asynchronous_flow_is_suspended_and_cancelled(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _act_at(workplace, monkeypatch)
    workplace.write("served.py", SERVED)
    with workplace.started("served.py", "later") as script:
        workplace.until(workplace.deployments, "it is served")
        for _ in range(2):
            workplace.ask(work.create_flow_run({"deployment": "later/served"}))
        workplace.until(lambda: len(workplace.runs("PAUSED")) == 2, "both are suspended")
        resumed, cancelled = (UUID(run["id"]) for run in workplace.runs("PAUSED"))
        workplace.ask(work.cancel_flow_run(cancelled))
        resume_flow_run(resumed)
        workplace.until(lambda: workplace.runs("COMPLETED"), "it has completed")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert [run["id"] for run in workplace.runs("COMPLETED")] == [str(resumed)]
    assert [run["id"] for run in workplace.runs("CANCELLED")] == [str(cancelled)]
    assert len(_notes(workplace)) == 3


def test_a_paused_run_is_cancelled(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    _act_at(workplace, monkeypatch)
    workplace.write("served.py", SERVED)
    with workplace.started("served.py", "paused") as script:
        workplace.until(workplace.deployments, "it is served")
        run_id = UUID(workplace.ask(work.create_flow_run({"deployment": "paused/served"}))["id"])
        workplace.until(lambda: workplace.runs("PAUSED"), "it is paused")
        workplace.ask(work.cancel_flow_run(run_id))
        workplace.until(lambda: workplace.runs("CANCELLED"), "it has ended")
        workplace.until(lambda: not _lives(_notes(workplace)[0][1]), "its process ends")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert [what for what, _ in _notes(workplace)] == ["flow", "cancelled"]
    assert "Traceback" not in err
    assert "Failed" not in err
    assert "refused" not in err
    run = workplace.ask(operations.flow_run(run_id))
    assert run is not None
    names = ["Scheduled", "Pending", "Running", "Paused", "Cancelling", "Cancelled"]
    assert [state["name"] for state in run["stateHistory"]] == names


def test_a_run_is_suspended_from_outside(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _act_at(workplace, monkeypatch)
    workplace.write("served.py", SERVED)
    with workplace.started("served.py", "long") as script:
        workplace.until(workplace.deployments, "it is served")
        run_id = UUID(workplace.ask(work.create_flow_run({"deployment": "long/served"}))["id"])
        workplace.until(lambda: workplace.runs("RUNNING"), "the ledger knows that it runs")
        workplace.until(lambda: _notes(workplace), "it runs")
        suspend_flow_run(flow_run_id=run_id)
        _until_suspended(workplace)
        workplace.until(lambda: not _lives(_notes(workplace)[-1][1]), "its process ends")
        (workplace.folder / "released").touch()
        resume_flow_run(run_id)
        workplace.until(lambda: workplace.runs("COMPLETED"), "it has completed")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert "refused" not in err
    assert [what for what, _ in _notes(workplace)] == ["flow", "flow"]


def test_a_suspended_run_fails_in_the_end(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _act_at(workplace, monkeypatch)
    workplace.write("served.py", SERVED)
    with workplace.started("served.py", "impatient") as script:
        workplace.until(workplace.deployments, "it is served")
        workplace.ask(work.create_flow_run({"deployment": "impatient/served"}))
        (run,) = workplace.until(lambda: workplace.runs("FAILED"), "it has failed")
        script.interrupt()
        code, _, err = script.finish()
    assert code == 0, err
    assert run["state"]["message"] == "The flow was paused and never resumed."


def _act_at(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process reach the same ledger."""
    for name, value in workplace.environment.items():
        monkeypatch.setenv(name, value)


def _until_suspended(workplace: Workplace) -> None:
    (run,) = workplace.until(lambda: workplace.runs("PAUSED"), "it is suspended")
    assert run["state"]["name"] == "Suspended"


def _notes(workplace: Workplace) -> list[tuple[str, int]]:
    file = workplace.folder / "notes"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(what, int(pid)) for what, _, pid in (line.rpartition(" ") for line in lines)]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _task_runs(workplace: Workplace, run_id: UUID) -> list[dict[str, Any]]:
    return list(workplace.ask(operations.task_runs(flow_run_id=run_id))["nodes"])
