"""How many runs there are, how a run's tasks stand, and what is going to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.records import now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.work_pools import NewWorkPool, create_work_pool
from headrace_service.schedules import ScheduleSpec
from tests.builders import EPOCH, enters, flow_run, state, task_run
from tests.integration.graphql_kit import ask, refusal, take

SECOND = 1_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


def counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["type"]: row["count"] for row in rows}


async def test_runs_are_counted_by_state_up_to_a_number(ledger: Ledger) -> None:
    runs = [flow_run("etl" if index else "ml") for index in range(5)]
    tasks = [task_run(runs[0]) for _ in range(4)]
    ends = [enters(run, state("FAILED")) for run in runs[:2]]
    take(ledger, *runs, *tasks, *ends, enters(tasks[0], state("COMPLETED")))
    query = """query ($f: FlowRunFilter, $t: TaskRunFilter, $to: Int!) {
      flowRunCounts(filter: $f, countUpTo: $to) { type count }
      countFlowRuns(filter: $f, countUpTo: $to)
      taskRunCounts(filter: $t, countUpTo: $to) { type count }
      countTaskRuns(filter: $t, countUpTo: $to) }"""

    async def told(to: int = 100, **filters: Any) -> tuple[Any, ...]:
        data = await ask(ledger, query, to=to, **filters)
        return (
            counts(data["flowRunCounts"]),
            data["countFlowRuns"],
            counts(data["taskRunCounts"]),
            data["countTaskRuns"],
        )

    tasks_stand = {"RUNNING": 3, "COMPLETED": 1}
    assert await told() == ({"RUNNING": 3, "FAILED": 2}, 5, tasks_stand, 4)
    assert await told(2) == ({"RUNNING": 2, "FAILED": 2}, 2, {"RUNNING": 2, "COMPLETED": 1}, 2)
    of_flow = {"flowName": "etl", "states": ["RUNNING"]}
    of_run = {"flowRunId": str(runs[0].id), "states": ["COMPLETED"]}
    assert await told(f=of_flow, t=of_run) == ({"RUNNING": 3}, 3, {"COMPLETED": 1}, 1)
    assert await told(f={"states": []}, t={"states": []}) == ({}, 0, {}, 0)
    code, field, _ = await refusal(ledger, "{ countFlowRuns(countUpTo: 0) }")
    assert (code, field) == ("InvalidInput", "countUpTo")


async def test_a_runs_summary_counts_each_of_its_tasks(ledger: Ledger) -> None:
    run, other = flow_run(), flow_run()
    tasks = [task_run(run, name) for name in ("load", "clean", "load", "load")]
    take(ledger, run, other, *tasks, enters(tasks[0], state("FAILED")), task_run(other, "load"))
    query = "{ flowRuns { nodes { taskSummary { taskName counts { type count } } } } }"
    nodes = (await ask(ledger, query))["flowRuns"]["nodes"]
    told = [
        [(line["taskName"], counts(line["counts"])) for line in node["taskSummary"]]
        for node in nodes
    ]
    assert told == [
        [("load", {"RUNNING": 1})],
        [("clean", {"RUNNING": 1}), ("load", {"RUNNING": 2, "FAILED": 1})],
    ]


async def test_what_is_going_to_run(ledger: Ledger) -> None:
    start = now_micros() // SECOND * SECOND + 3600 * SECOND
    hourly = ScheduleInput(ScheduleSpec(interval=3600 * SECOND, anchor=start))
    by_rule = ScheduleInput(ScheduleSpec(rrule="FREQ=DAILY;UNTIL=20210101T000000Z"))
    plan = DeploymentInput("etl", "hourly", schedules=[hourly, by_rule])
    deployment = ledger.write(apply_deployment, plan).result()
    asked = RunRequest("etl/hourly", scheduled_time=start + SECOND)
    run_id = ledger.write(create_run, asked).result()
    query = """query ($first: Int!, $of: ID) {
      upcomingRuns(first: $first, deploymentId: $of) {
        due flowRunId scheduleId deployment { fullName } flowRun { state { name } } }
      deployment(name: "etl/hourly") { schedules { rrule upcoming(first: 3) } } }"""
    data = await ask(ledger, query, first=3, of=str(deployment.id))
    first, waiting, second = data["upcomingRuns"]
    assert [each["flowRunId"] for each in (first, waiting, second)] == [None, str(run_id), None]
    assert first["scheduleId"] == second["scheduleId"] is not None
    assert waiting["scheduleId"] is None
    assert waiting["flowRun"] == {"state": {"name": "Scheduled"}}
    assert waiting["deployment"] == {"fullName": "etl/hourly"}
    each, ended = data["deployment"]["schedules"]
    assert each["upcoming"][:2] == [first["due"], second["due"]]
    assert len(each["upcoming"]) == 3
    assert ended["upcoming"] == []  # it has come to its end years ago
    assert (await refusal(ledger, query, first=0))[:2] == ("InvalidInput", "first")


async def test_runs_are_found_by_their_queue_and_their_duration(ledger: Ledger) -> None:
    ledger.write(create_work_pool, NewWorkPool("mill")).result()
    plan = DeploymentInput("etl", "daily", work_pool="mill", work_queue="fast")
    ledger.write(apply_deployment, plan).result()
    run_id = ledger.write(create_run, RunRequest("etl/daily")).result()
    quick, slow = flow_run(), flow_run()
    ends = [
        enters(quick, state("COMPLETED", at=EPOCH + SECOND)),
        enters(slow, state("COMPLETED", at=EPOCH + 60 * SECOND)),
    ]
    take(ledger, quick, slow, *ends)
    query = "query ($filter: FlowRunFilter) { flowRuns(filter: $filter) { nodes { id } } }"

    async def found(**filter: Any) -> list[str]:
        nodes = (await ask(ledger, query, filter=filter))["flowRuns"]["nodes"]
        return [node["id"] for node in nodes]

    assert await found(workPoolNames=["mill"]) == [str(run_id)]
    assert await found(workQueueNames=["fast"], workPoolNames=["mill"]) == [str(run_id)]
    assert await found(workQueueNames=["default"]) == []
    assert await found(minDurationSeconds=30) == [str(slow.id)]
    assert await found(maxDurationSeconds=30) == [str(quick.id)]
    assert (await refusal(ledger, query, filter={"minDurationSeconds": 1e300}))[1] == (
        "minDurationSeconds"
    )


OBJECTS = """query ($first: Int!) {
  flowRuns(first: $first) {
    nodes { blockedBy { reason } taskSummary { taskName } deployment { fullName } } }
  upcomingRuns(first: $first) { deployment { name } flowRun { name } }
  workPools(first: $first) { nodes { name queues { name } workers { name } } }
  deployments(first: $first) {
    nodes { name workPoolName workQueueName schedules { nextFire upcoming(first: 2) } } }
  concurrencyLimits(first: $first) { nodes { name slotsTaken } }
}"""


async def test_more_of_everything_takes_no_more_statements(ledger: Ledger) -> None:
    selects: list[str] = []

    def note(event: Any) -> None:
        if event.sql.startswith(("SELECT", "WITH")):
            selects.append(event.sql)

    def make(number: int) -> None:
        name = f"x{number}"
        ledger.write(create_work_pool, NewWorkPool(name)).result()
        hourly = ScheduleInput(ScheduleSpec(interval=3600 * SECOND))
        plan = DeploymentInput("etl", name, work_pool=name, schedules=[hourly])
        ledger.write(apply_deployment, plan).result()
        ledger.write(create_run, RunRequest(f"etl/{name}")).result()
        run = flow_run()
        take(ledger, run, task_run(run))

    make(0)
    await ask(ledger, 'mutation { createConcurrencyLimit(name: "l0", limit: 1) { __typename } }')
    ledger._reading.db.query_hooks.append(note)
    await ask(ledger, OBJECTS, first=50)
    few = len(selects)
    for number in range(1, 6):
        make(number)
        limit = f'createConcurrencyLimit(name: "l{number}", limit: 1)'
        await ask(ledger, f"mutation {{ {limit} {{ __typename }} }}")
    selects.clear()
    data = await ask(ledger, OBJECTS, first=50)
    assert [len(data[key]["nodes"]) for key in ("workPools", "deployments")] == [6, 6]
    assert len(data["upcomingRuns"]) == 50
    assert len(selects) == few
