"""The process of a run dies: hooks are called by whoever executed it, and retries apply."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from headrace.client import work
from tests.acceptance.scripts import Workplace

SERVE = """
import os, pathlib, time
from headrace import flow, serve

def crashed(flow, run, state):
    pathlib.Path("crashed").write_text(f"{flow.name} {run.name} {state.name}")

def cancelled(flow, run, state):
    pathlib.Path("cancelled").write_text(f"{run.name} {state.name}")

@flow(on_crashed=[crashed], on_cancellation=[cancelled])
def stuck():
    pathlib.Path("pid").write_text(str(os.getpid()))
    while not pathlib.Path("go").exists():
        time.sleep(0.02)

@flow(retries=1, on_crashed=[crashed])
def recovers():
    with open("attempts", "a") as file:
        print(os.getpid(), file=file)
    if len(pathlib.Path("attempts").read_text().split()) == 1:
        os.kill(os.getpid(), 9)

if __name__ == "__main__":
    serve(stuck.to_deployment("d"), recovers.to_deployment("d"))
"""


def pid_of_run(workplace: Workplace) -> int:
    path = workplace.folder / "pid"
    return int(workplace.until(lambda: path.exists() and path.read_text(), "it runs"))


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_what_becomes_of_runs_whose_process_is_killed(workplace: Workplace) -> None:
    workplace.write("served.py", SERVE)
    with workplace.started("served.py") as script:
        workplace.until(lambda: len(workplace.deployments()) == 2, "they are served")

        asked = work.create_flow_run({"deployment": "stuck/d", "name": "one"})
        workplace.ask(asked)
        os.kill(pid_of_run(workplace), signal.SIGKILL)
        workplace.until(lambda: read(workplace.folder / "crashed"), "the hook was called")
        assert read(workplace.folder / "crashed") == "stuck one Crashed"
        (crashed,) = workplace.runs("CRASHED")
        assert crashed["state"]["message"] == "The process of the flow run died of SIGKILL."
        (workplace.folder / "crashed").unlink()

        workplace.ask(work.create_flow_run({"deployment": "recovers/d", "name": "two"}))
        workplace.until(lambda: workplace.runs("COMPLETED"), "the second attempt has completed")
        (recovered,) = workplace.runs("COMPLETED")
        assert (recovered["name"], recovered["runCount"]) == ("two", 2)
        assert len(read(workplace.folder / "attempts").split()) == 2
        assert read(workplace.folder / "crashed") == ""
        script.interrupt()
        assert script.finish()[0] == 0
