"""Many flow runs at once: some at a time, never more than was asked for, and tried before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.records import TERMINAL_STATES, FlowRunCreated
from headrace_service.ledger import Ledger, bulk
from headrace_service.ledger.deletion import delete_flow_run
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.errors import Conflict
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from tests.builders import enters, flow_run, state, task_run
from tests.integration.graphql_kit import ask, take


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def runs(ledger: Ledger) -> list[FlowRunCreated]:
    """More than two batches of runs that are under way, and a few that have ended."""
    running = [flow_run() for _ in range(2 * bulk.BATCH + 5)]
    ended = [flow_run("other") for _ in range(3)]
    take(ledger, *running, *ended, *(enters(run, state("FAILED")) for run in ended))
    return running


async def steer(ledger: Ledger, verb: str, **given: Any) -> dict[str, Any]:
    query = f"""mutation ($filter: FlowRunFilter!, $most: Int, $dry: Boolean) {{
      {verb}(filter: $filter, maxAffected: $most, dryRun: $dry) {{
        ... on FlowRunsChanged {{ affected skipped flowRunIds more dryRun }}
        ... on UserError {{ code field }} }} }}"""
    if "most" not in given:
        query = query.replace(", $most: Int", "").replace("maxAffected: $most, ", "")
    given = {"filter": {}, "dry": False, **given}
    answer: dict[str, Any] = (await ask(ledger, query, **given))[verb]
    return answer


async def states(ledger: Ledger) -> dict[str, int]:
    nodes = (await ask(ledger, "{ flowRuns(first: 200) { nodes { state { type } } } }"))["flowRuns"]
    found: dict[str, int] = {}
    for node in nodes["nodes"]:
        found[node["state"]["type"]] = found.get(node["state"]["type"], 0) + 1
    return found


async def test_all_that_are_under_way_are_cancelled(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    tried = await steer(ledger, "cancelFlowRuns", dry=True)
    assert (tried["affected"], tried["more"], tried["dryRun"]) == (len(runs), False, True)
    assert tried["flowRunIds"] == [str(run.id) for run in reversed(runs)][: bulk.SAMPLE]
    assert await states(ledger) == {"RUNNING": len(runs), "FAILED": 3}
    done = await steer(ledger, "cancelFlowRuns")
    assert done == {**tried, "dryRun": False}
    assert await states(ledger) == {"CANCELLING": len(runs), "FAILED": 3}
    assert (await steer(ledger, "cancelFlowRuns"))["affected"] == 0


async def test_no_more_are_changed_than_was_asked_for(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    done = await steer(ledger, "cancelFlowRuns", most=bulk.BATCH + 2)
    assert (done["affected"], done["more"]) == (bulk.BATCH + 2, True)
    assert await states(ledger) == {
        "CANCELLING": bulk.BATCH + 2,
        "RUNNING": len(runs) - bulk.BATCH - 2,
        "FAILED": 3,
    }
    for most in (0, bulk.MOST + 1):
        answer = await steer(ledger, "deleteFlowRuns", most=most)
        assert answer == {"code": "InvalidInput", "field": "maxAffected"}


async def test_no_more_are_passed_over_than_may_be_changed(
    ledger: Ledger, runs: list[FlowRunCreated], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    monkeypatch.setattr(bulk, "BATCH", 1)
    done = await steer(ledger, "retryFlowRuns", filter={"deployed": False}, most=2)
    assert (done["affected"], done["skipped"], done["more"]) == (0, 2, True)


async def test_what_has_ended_is_deleted_with_all_that_hangs_on_it(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    ended = flow_run("old")
    take(ledger, ended, task_run(ended), enters(ended, state("COMPLETED")))
    done = await steer(ledger, "deleteFlowRuns", filter={"flowName": "old"})
    assert (done["affected"], done["flowRunIds"]) == (1, [str(ended.id)])
    data = await ask(ledger, "{ taskRuns { nodes { id } } }")
    assert data["taskRuns"]["nodes"] == []
    assert (await steer(ledger, "deleteFlowRuns", filter={"states": ["RUNNING"]}))["affected"] == 0
    assert await states(ledger) == {"RUNNING": len(runs), "FAILED": 3}


async def test_what_has_gone_on_since_it_was_found_is_left_alone(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    ended, running = flow_run(), runs[0]
    take(ledger, ended, enters(ended, state("COMPLETED")))
    found = [ended.id, running.id]
    assert ledger.write(bulk.steer_each, bulk.Bulk.CANCEL, found).result() == [running.id]
    with pytest.raises(Conflict, match="is Cancelling"):
        await delete_flow_run(ledger, running.id, TERMINAL_STATES)


async def test_runs_of_deployments_are_tried_once_more(
    ledger: Ledger, runs: list[FlowRunCreated]
) -> None:
    ledger.write(apply_deployment, DeploymentInput("etl", "daily")).result()
    for _ in range(3):
        ledger.write(create_run, RunRequest("etl/daily")).result()
    await steer(ledger, "cancelFlowRuns", filter={"deployed": True})
    done = await steer(ledger, "retryFlowRuns")
    assert (done["affected"], done["skipped"]) == (3, 0)
    assert (await states(ledger))["SCHEDULED"] == 3
    # Those of scripts fit only when they are asked for, and are passed over then.
    others = await steer(ledger, "retryFlowRuns", filter={"deployed": False})
    assert (others["affected"], others["skipped"]) == (0, 3)
