"""The machine's clock is set back and forward under a service, a worker and runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from headrace.client import work
from headrace.records import now_micros
from tests.acceptance.scripts import Workplace
from tests.faults.processes import Service

#: Python loads it as it starts: each process of the test has the machine's clock and an offset.
SITE = """
import os, time

def ahead():
    with open(os.environ["TEST_CLOCK"]) as file:
        return int(file.read())

real, real_ns = time.time, time.time_ns
time.time = lambda: real() + ahead()
time.time_ns = lambda: real_ns() + ahead() * 10**9
"""
DEPLOY = """
import os, pathlib, time
from datetime import timedelta
from headrace import flow

@flow
def held(name: str, until: str):
    with open(name, "a") as file:
        print(os.getpid(), file=file, flush=True)
    while not pathlib.Path(until).exists():
        time.sleep(0.02)

@flow
def tick():
    pass

held.deploy("d", work_pool_name="pool", print_next_steps=False)
tick.deploy("d", work_pool_name="pool", print_next_steps=False, interval=timedelta(seconds=1))
"""
HOUR = 3600


class Machine(Workplace):
    """A folder whose processes have a clock that the test sets."""

    def set_clock(self, seconds: int) -> None:
        """Let the clock be so far ahead."""
        self.write("clock.new", str(seconds)).replace(self.folder / "clock")
        self.ahead = seconds

    def ask_for(self, name: str, until: str) -> None:
        """Ask for a run that notes its process in one file and waits for another."""
        parameters = {"name": name, "until": until}
        self.ask(work.create_flow_run({"deployment": "held/d", "parameters": parameters}))

    def begun(self, *names: str) -> bool:
        """Whether these runs have begun."""
        return all((self.folder / name).exists() for name in names)

    def fired(self) -> list[str]:
        """The times for which the schedule has fired."""
        return [run["scheduledTime"] for run in self.runs() if run["flowName"] == "tick"]

    def has_due(self, number: int) -> bool:
        """Whether so many runs are due that nobody has begun."""
        now = now_micros() / 1e6 + self.ahead
        runs = self.runs("SCHEDULED")
        times = [datetime.fromisoformat(run["scheduledTime"]).timestamp() for run in runs]
        return sum(time <= now for time in times) >= number


@pytest.fixture
def machine(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Such a folder, and a service."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    (tmp_path / "clock").write_text("0")
    monkeypatch.setenv("TEST_CLOCK", str(tmp_path / "clock"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=":")
    service = Service(home / "service.db")
    yield Machine(tmp_path, service.url)
    service.kill()


def test_no_run_is_lost_or_executed_twice(machine: Machine) -> None:
    machine.environment |= {"HEADRACE_PROCESS_LEASE": "2", "HEADRACE_PROCESS_HEARTBEAT": "0.3"}
    machine.write("deploy.py", DEPLOY)
    machine.headrace("work-pool", "create", "pool")
    assert machine.run("deploy.py")[0] == 0
    worker = ("-m", "headrace", "worker", "start", "--pool", "pool", "--limit", "2")
    with machine.started(*worker) as started:
        for name in ("a", "b", "c"):
            machine.ask_for(name, "back")
        machine.until(lambda: machine.begun("a", "b"), "two have begun")
        machine.set_clock(-HOUR)
        machine.until(lambda: machine.has_due(1), "what waited is due still")
        machine.ask_for("d", "back")
        machine.write("back", "")
        machine.until(lambda: machine.begun("c", "d"), "the others have begun")

        for name in ("e", "f", "g"):
            machine.ask_for(name, "forward")
        machine.until(lambda: machine.begun("e", "f"), "two have begun")
        fired = len(machine.fired())
        machine.set_clock(HOUR)
        machine.until(lambda: len(machine.fired()) > fired, "the schedule has fired")
        machine.write("forward", "")
        machine.until(lambda: machine.begun("g"), "the last has begun")
        for name in "abcdefg":
            assert len((machine.folder / name).read_text().split()) == 1
        machine.until(lambda: not machine.runs("PENDING", "RUNNING"), "all have ended")
        started.interrupt()
        assert started.finish()[0] == 0
    runs = machine.runs()
    assert {run["state"]["type"] for run in runs if run["runCount"]} == {"COMPLETED"}
    assert len(machine.fired()) == len(set(machine.fired()))
