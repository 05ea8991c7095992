"""With nothing to do the loops read nothing, and they hear of what others do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.records import now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.automations import NewAutomation, create_automation
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.firing import next_fire
from headrace_service.loops.automations import Automations
from headrace_service.loops.clock import SystemClock
from headrace_service.loops.reaper import Reaper
from headrace_service.loops.scheduler import Scheduler
from headrace_service.schedules import ScheduleSpec
from tests.builders import Stream, flow_run

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


async def test_a_schedule_wakes_it_though_nobody_has_committed(
    file_ledger: Ledger, counted: Counted
) -> None:
    counted.clock.time = deploy(file_ledger) - 4 * SECOND
    await counted.go_round(3)
    assert await counted.go_round() == []
    assert "fire" in await counted.go_round()


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
