"""What several subscribers ask for is answered once, and what others ask for anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headrace_service.api.types.state import State
from headrace_service.server import RunningService, start_in_thread
from tests.builders import flow_run, task_run
from tests.integration.graphql_kit import open_socket, take


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningService]:
    running = await asyncio.to_thread(start_in_thread, tmp_path / "ledger.db")
    yield running
    await asyncio.to_thread(running.stop)


async def told(
    service: RunningService, subscriptions: dict[str, tuple[str, dict[str, Any]]], count: int
) -> dict[str, list[Any]]:
    """What each of some subscribers is told of a flow run with two task runs: so many events."""
    run = flow_run()
    async with open_socket(service.url) as socket:
        for key, (query, variables) in subscriptions.items():
            await socket.subscribe(query, key=key, **variables)
            await socket.receive()
        take(service.ledger, run, task_run(run, "one"), task_run(run, "two"))
        found: dict[str, list[Any]] = {key: [] for key in subscriptions}
        while sum(map(len, found.values())) < count:
            message = await socket.receive()
            ((_, data),) = message["payload"]["data"].items()
            found[message["id"]] += data["events"]
    return found


async def test_equal_words_are_answered_once(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    of = State.of.__func__  # type: ignore[attr-defined]

    def counting(cls: type[State], at: int, payload: Any) -> State:
        made.append(at)
        state: State = of(cls, at, payload)
        return state

    monkeypatch.setattr(State, "of", classmethod(counting))
    query = """subscription ($run: ID) {
      taskRuns(flowRunId: $run) { cursor events { cursor state { name } } } }"""
    found = await told(service, {key: (query, {}) for key in "abcde"}, 10)
    assert len(made) == 2
    assert all(events == found["a"] for events in found.values())
    assert [event["state"] for event in found["a"]] == [{"name": "Running"}] * 2


async def test_other_words_and_other_variables_are_answered_anew(service: RunningService) -> None:
    fields = "cursor events { taskRunId state { name @include(if: $named) type } }"
    varied = f"subscription ($named: Boolean!) {{ taskRuns {{ {fields} }} }}"
    spread = """subscription ($named: Boolean!) { taskRuns { cursor events { ...Told } } }
      fragment Told on TaskRunEvent { state { name @skip(if: $named) } }"""
    found = await told(
        service,
        {
            "named": (varied, {"named": True}),
            "typed": (varied, {"named": False}),
            "skipped": (spread, {"named": True}),
            "spread": (spread, {"named": False}),
            "other": ("subscription { taskRuns { cursor events { at: cursor } } }", {}),
        },
        10,
    )
    both = {"name": "Running", "type": "RUNNING"}
    assert [event["state"] for event in found["named"]] == [both] * 2
    assert [event["state"] for event in found["typed"]] == [{"type": "RUNNING"}] * 2
    assert [event["state"] for event in found["skipped"]] == [{}] * 2
    assert [event["state"] for event in found["spread"]] == [{"name": "Running"}] * 2
    assert [list(event) for event in found["other"]] == [["at"]] * 2


async def test_runs_as_they_are_now_are_told_to_each(service: RunningService) -> None:
    query = """subscription { taskRuns { cursor events { taskRun { name } } } }"""
    found = await told(service, {key: (query, {}) for key in "ab"}, 4)
    for events in found.values():
        assert events == [{"taskRun": {"name": "one"}}, {"taskRun": {"name": "two"}}]
