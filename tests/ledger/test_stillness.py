"""With nothing to do the loops read nothing, and they hear of what others do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.records import now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.automation_firing import look, wake
from headrace_service.ledger.automations import NewAutomation, create_automation
from headrace_service.ledger.commits import Commits
from headrace_service.ledger.database.backend import Watch
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.firing import next_fire
from headrace_service.ledger.flow_run_inputs import next_overdue
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.steering import suspend
from headrace_service.loops.automations import Automations
from headrace_service.loops.clock import SystemClock
from headrace_service.loops.reaper import Reaper
from headrace_service.loops.scheduler import LATE, Scheduler
from headrace_service.schedules import ScheduleSpec
from tests.builders import Stream, flow_run
from tests.ledger.conftest import Place
from tests.recorder_kit import until

SECOND, HOUR = 1_000_000, 3_600_000_000


class SetClock(SystemClock):
    """A clock that stands until somebody sets it."""

    def __init__(self) -> None:
        self.time = now_micros()

    def now(self) -> int:
        return self.time


class Counted:
    """The three loops on one ledger, and what they ask of it."""

    def __init__(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = SetClock()
        self.asked: list[str] = []
        self._loops: list[Any] = [
            Scheduler(lambda: ledger, self.clock),
            Automations(lambda: ledger, self.clock),
            Reaper(ledger, self.clock),
        ]
        for way in ("read", "write"):
            monkeypatch.setattr(ledger, way, self._counting(getattr(ledger, way)))

    async def go_round(self, times: int = 1) -> list[str]:
        """What is asked in so many seconds."""
        self.asked.clear()
        for _ in range(times):
            for loop in self._loops:
                await loop.step()
            self.clock.time += SECOND
        return list(self.asked)

    async def pass_until(self, moment: int) -> list[str]:
        """What is asked until then; the clock makes no such leap as after a sleep."""
        self.asked.clear()
        while self.clock.time < moment:
            self.clock.time = min(self.clock.time + 4 * SECOND, moment)
            for loop in self._loops:
                await loop.step()
        return list(self.asked)

    def _counting(self, way: Callable[..., Any]) -> Callable[..., Any]:
        def counted(verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
            self.asked.append(verb.__name__)
            return way(verb, *args, **more)

        return counted


@pytest.fixture
def counted(file_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(file_ledger, monkeypatch)


def deploy(ledger: Ledger) -> int:
    """Deploy with a schedule; returns when it fires first."""
    schedules = [ScheduleInput(ScheduleSpec(interval=24 * HOUR))]
    ledger.write(apply_deployment, DeploymentInput("etl", "often", schedules=schedules)).result()
    coming = ledger.read(next_fire).result()
    assert coming is not None
    return coming


def automate(ledger: Ledger) -> None:
    trigger = {"type": "event", "expect": ["headrace.flow-run.*"]}
    ledger.write(create_automation, NewAutomation("w", trigger, [{"type": "do-nothing"}])).result()


async def test_a_service_in_which_nothing_happens_reads_nothing(
    file_ledger: Ledger, counted: Counted
) -> None:
    counted.clock.time = deploy(file_ledger) - HOUR
    automate(file_ledger)
    assert await counted.go_round(3)  # at first they look
    assert await counted.go_round(100) == []


def late(ledger: Ledger) -> int:
    """Ask for a run that nobody will take; returns when it is late."""
    ledger.write(apply_deployment, DeploymentInput("etl", "asked")).result()
    due = now_micros() + HOUR
    ledger.write(create_run, RunRequest("etl/asked", scheduled_time=due)).result()
    return due + LATE


def overdue(ledger: Ledger) -> int:
    """Suspend a run that nobody will resume; returns until when somebody may."""
    ledger.write(apply_deployment, DeploymentInput("etl", "asked")).result()
    run_id = ledger.write(create_run, RunRequest("etl/asked")).result()
    ledger.write(suspend, run_id, 60).result()
    due = ledger.read(next_overdue).result()
    assert due is not None
    return due


def silent(ledger: Ledger) -> int:
    """Wait for events that never come; returns when that is noticed."""
    trigger = {"type": "event", "expect": ["beat"], "posture": "Proactive", "within": 60}
    ledger.write(create_automation, NewAutomation("w", trigger, [{"type": "do-nothing"}])).result()
    ledger.write(wake, now_micros()).result()  # from here on it waits
    seen = ledger.read(look, 0).result()
    assert seen
    assert seen.due
    return seen.due


BY_THE_CLOCK = {"fire": deploy, "mark_late": late, "fail_overdue": overdue, "wake": silent}


@pytest.mark.parametrize("verb", BY_THE_CLOCK)
async def test_what_comes_due_wakes_it_though_nobody_has_committed(
    file_ledger: Ledger, counted: Counted, verb: str
) -> None:
    due = BY_THE_CLOCK[verb](file_ledger)
    counted.clock.time = due - 10 * SECOND
    await counted.go_round(5)
    assert await counted.pass_until(due - 1) == []
    assert verb in await counted.pass_until(due + 1)


class Deaf(Watch):
    """Hears of no commit, and is a backend that has nothing else to offer."""

    def watch(self) -> Watch:
        return self

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None: ...

    def changed(self) -> bool:
        return False


def test_what_this_process_commits_is_counted_before_it_could_be_heard_of(ledger: Ledger) -> None:
    deaf: Any = Deaf()
    commits = Commits(deaf, ledger._writer)
    before = commits.number()
    deploy(ledger)
    assert commits.number() > before


def test_commits_are_counted_whoever_has_made_them(ledger: Ledger, place: Place) -> None:
    before = ledger.commits()
    deploy(ledger)
    own = ledger.commits()
    assert own != before
    other = Ledger.open(place)
    automate(other)
    until(lambda: ledger.commits() != own, "the other's commit is heard of")
    other.close()


async def test_what_another_process_commits_wakes_it(
    file_ledger: Ledger, counted: Counted, tmp_path: Path
) -> None:
    await counted.go_round(3)
    other = Ledger.open(tmp_path / "ledger.db")  # it knows as little of ours as a process does
    automate(other)
    assert {"look", "next_fire", "dead_processes"} <= set(await counted.go_round())
    assert await counted.go_round(2) == []
    other.append(Stream().batch(flow_run())).result()
    other.close()
    assert "take" in await counted.go_round()
