"""How runs' tasks stand, what is coming, and many runs steered at once, on each database."""

from __future__ import annotations

from headrace.records import StateType, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.bulk import Bulk, steer_all
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.queries.counts import (
    TaskCounts,
    flow_run_counts,
    task_run_counts,
    task_summaries,
)
from headrace_service.ledger.queries.flow_runs import FlowRunWhere
from headrace_service.ledger.queries.task_runs import TaskRunWhere
from headrace_service.ledger.queries.upcoming import firing_schedules, merged, waiting_runs
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.schedules import ScheduleSpec
from tests.builders import Stream, enters, flow_run, state, task_run

HOUR = 3_600_000_000


def test_a_summary_counts_each_task_of_each_run(ledger: Ledger) -> None:
    runs = [flow_run(), flow_run(), flow_run()]
    tasks = [task_run(runs[0], "load"), task_run(runs[0], "load"), task_run(runs[1], "clean")]
    failed = enters(tasks[0], state("FAILED"))
    ledger.append(Stream().batch(*runs, *tasks, failed)).result()
    found = ledger.read(task_summaries, [run.id for run in runs]).result()
    both = {StateType.RUNNING: 1, StateType.FAILED: 1}
    assert found == [
        [TaskCounts("load", both)],
        [TaskCounts("clean", {StateType.RUNNING: 1})],
        [],
    ]
    everywhere = ledger.read(task_run_counts, TaskRunWhere(), 100).result()
    assert everywhere == {StateType.RUNNING: 2, StateType.FAILED: 1}
    here = ledger.read(task_run_counts, TaskRunWhere(flow_run_id=runs[0].id), 100).result()
    assert here == both


def test_runs_that_wait_and_times_of_schedules_come_in_one_line(ledger: Ledger) -> None:
    start = now_micros() + HOUR
    schedule = ScheduleInput(ScheduleSpec(interval=HOUR, anchor=start))
    wanted = DeploymentInput("etl", "hourly", schedules=[schedule])
    owner = ledger.write(apply_deployment, wanted).result()
    asked = RunRequest("etl/hourly", scheduled_time=start + 1)
    run_id = ledger.write(create_run, asked).result()
    waiting = ledger.read(waiting_runs, owner.id, 10).result()
    firing = ledger.read(firing_schedules, None, 10).result()
    coming = merged(waiting, firing, 3)
    assert [each.at - start for each in coming] == [0, 1, HOUR]
    assert [each.flow_run_id for each in coming] == [None, run_id, None]


async def test_many_runs_are_cancelled_tried_once_more_and_deleted(ledger: Ledger) -> None:
    ledger.write(apply_deployment, DeploymentInput("etl", "daily")).result()
    for _ in range(3):
        ledger.write(create_run, RunRequest("etl/daily")).result()

    def stand() -> dict[StateType, int]:
        return ledger.read(flow_run_counts, FlowRunWhere(), 100).result()

    for what, after in (
        (Bulk.CANCEL, {StateType.CANCELLED: 3}),
        (Bulk.RETRY, {StateType.SCHEDULED: 3}),
        (Bulk.CANCEL, {StateType.CANCELLED: 3}),
        (Bulk.DELETE, {}),
    ):
        outcome = await steer_all(ledger, FlowRunWhere(), what, 100, dry_run=False)
        assert (outcome.affected, outcome.more) == (3, False)
        assert stand() == after
