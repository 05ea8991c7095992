"""What those who follow how things stand are shown: only what has changed is read once more."""

from __future__ import annotations

from typing import Any

from headrace.records import now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import (
    DeploymentInput,
    apply_deployment,
    delete_deployment,
    set_deployment_paused,
)
from headrace_service.ledger.firing import due_schedules, fire, firings
from headrace_service.ledger.queries.looks import deployments_now
from headrace_service.schedules import ScheduleSpec

HOUR = 3_600_000_000


def test_of_deployments_that_are_as_they_were_nothing_is_read(ledger: Ledger) -> None:
    hourly = [ScheduleInput(ScheduleSpec(interval=HOUR))]
    plans = [
        DeploymentInput("etl", name, concurrency_limit=1, schedules=hourly if name == "d" else [])
        for name in "abcd"
    ]
    keys = [ledger.write(apply_deployment, plan).result().id for plan in plans]
    ledger.write(apply_deployment, DeploymentInput("other", "x")).result()

    def look(known: Any) -> Any:
        return ledger.read(deployments_now, known, "etl").result().things

    def new(before: Any, after: Any) -> list[str]:
        """The names of those whose row is not the very one that was read before."""
        return [
            thing.row.name
            for key, thing in after.items()
            if key not in before or thing.row is not before[key].row
        ]

    first = look({})
    assert new({}, first) == ["a", "b", "c", "d"]
    assert new(first, look(first)) == []
    ledger.write(set_deployment_paused, "etl/b", True).result()
    ledger.write(apply_deployment, DeploymentInput("etl", "c", concurrency_limit=2)).result()
    ledger.write(delete_deployment, "etl/a").result()
    second = look(first)
    assert new(first, second) == ["b", "c"]
    assert list(second) == keys[1:]
    assert second[keys[1]].row.paused
    assert second[keys[2]].row.concurrency_limit == 2
    now = now_micros() + HOUR
    ledger.write(fire, firings(ledger.read(due_schedules, now).result(), now)).result()
    assert new(second, look(second)) == ["d"]
