"""A deployment's run whose process has died: attempts that its flow has left are used up first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import uuid_utils.compat as uuids

from headrace.records import FlowRunChanged, ProcessInfo, StateType, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.backfill import backfill
from headrace_service.ledger.claims import Claimant, Claimed, claim, conclude, vouch
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, DeploymentRow, apply_deployment
from headrace_service.ledger.models import FlowRun
from headrace_service.ledger.processes import Ended, processes, reap
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.steering import cancel
from headrace_service.schedules import ScheduleSpec
from tests.builders import Stream, state

SECOND = 1_000_000


def deploy(ledger: Ledger, **wanted: Any) -> DeploymentRow:
    given = DeploymentInput("etl", "daily", **{"retries": 1, **wanted})
    return ledger.write(apply_deployment, given).result()


def begin(ledger: Ledger, row: DeploymentRow, now: int, run_count: int = 1) -> Claimed:
    """Claim the one run that is due, and let a process of its own run it."""
    claimant = Claimant(uuids.uuid7(), deployment_ids=[row.id])
    (claimed,) = ledger.write(claim, claimant, now).result()
    stream = Stream()
    process = ProcessInfo("host", 1, f"machine/1/{stream.client_id}", 30.0)
    running = FlowRunChanged(
        claimed.flow_run_id, state("RUNNING", run_count=run_count), claimed.epoch
    )
    batch = msgspec.structs.replace(stream.batch(running), process=process)
    assert ledger.append(batch).result().refused == []
    assert seen(ledger, claimed.flow_run_id)[:2] == ("RUNNING", run_count)
    return claimed


def seen(ledger: Ledger, run_id: UUID) -> tuple[str, int, str | None]:
    columns = (FlowRun.state_type, FlowRun.run_count, FlowRun.state_message)
    query = FlowRun.select(*columns).where(FlowRun.id == run_id).tuples()
    ((kind, count, message),) = ledger.read(lambda db: list(query.execute(db))).result()
    return kind, count, message


def test_runs_of_one_schedule_that_die_together_are_all_begun_anew(ledger: Ledger) -> None:
    hourly = ScheduleInput(ScheduleSpec(interval=3600 * SECOND))
    row, now = deploy(ledger, schedules=[hourly]), now_micros()
    made = ledger.write(backfill, "etl/daily", now, now + 7200 * SECOND, False).result()
    runs = [each.flow_run_id for each in made if each.flow_run_id is not None]
    for _ in runs:
        begin(ledger, row, now + 7200 * SECOND)
    gone = [Ended(each, "gone", lapsed=False) for each in ledger.read(processes).result()]
    assert len(runs) == 2
    assert ledger.write(reap, gone, now).result().answer.runs == 2
    assert [seen(ledger, run_id)[:2] for run_id in runs] == [("SCHEDULED", 2)] * 2
    # That they are due anew makes no room for other runs at their times.
    assert ledger.write(backfill, "etl/daily", now, now + 7200 * SECOND, False).result() == []


def test_it_is_begun_anew_until_no_retry_is_left(ledger: Ledger) -> None:
    row = deploy(ledger, retry_delays=[60.0])
    run_id = ledger.write(create_run, RunRequest("etl/daily")).result()
    first = begin(ledger, row, now_micros())
    told = ledger.write(conclude, run_id, first.epoch, "killed").result()
    assert told == (StateType.SCHEDULED, True)
    assert seen(ledger, run_id) == ("SCHEDULED", 2, "killed")
    claimant = Claimant(uuids.uuid7(), deployment_ids=[row.id])
    assert ledger.write(claim, claimant, now_micros()).result() == []  # its delay is not over
    second = begin(ledger, row, now_micros() + 61 * SECOND, run_count=2)
    assert (second.flow_run_id, second.run_count, second.epoch > first.epoch) == (run_id, 2, True)
    stale = ledger.write(conclude, run_id, first.epoch, "killed").result()
    assert stale is not None
    assert not stale.is_news
    ledger.write(conclude, run_id, second.epoch, "killed again").result()
    assert seen(ledger, run_id) == ("CRASHED", 2, "killed again")


def test_the_reaper_lets_it_be_begun_anew_as_well(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id = ledger.write(create_run, RunRequest("etl/daily")).result()
    first = begin(ledger, row, now_micros())
    (process,) = ledger.read(processes).result()
    ended = [Ended(process, "it is gone", lapsed=False)]
    ledger.slots.perform(lambda db, _: reap(db, ended, now_micros())).result()
    kind, count, message = seen(ledger, run_id)
    assert (kind, count) == ("SCHEDULED", 2)
    assert message is not None
    assert "it is gone" in message
    # What the dead process has still to say is refused.
    late = FlowRunChanged(run_id, state("COMPLETED", run_count=1), first.epoch)
    assert len(ledger.append(Stream().batch(late)).result().refused) == 1
    assert begin(ledger, row, now_micros(), run_count=2).flow_run_id == run_id


def test_one_that_is_to_be_cancelled_is_not_begun_anew(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id = ledger.write(create_run, RunRequest("etl/daily")).result()
    first = begin(ledger, row, now_micros())
    ledger.write(cancel, run_id).result()
    ledger.write(conclude, run_id, first.epoch, "killed").result()
    assert seen(ledger, run_id)[0] == "CANCELLED"


def test_without_retries_it_has_crashed(ledger: Ledger) -> None:
    row = deploy(ledger, retries=0)
    run_id = ledger.write(create_run, RunRequest("etl/daily")).result()
    first = begin(ledger, row, now_micros())
    ledger.write(conclude, run_id, first.epoch, "killed").result()
    assert seen(ledger, run_id)[0] == "CRASHED"


def test_a_worker_vouches_for_the_processes_of_its_own_runs(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id = ledger.write(create_run, RunRequest("etl/daily")).result()
    begin(ledger, row, now_micros())
    query = FlowRun.select(FlowRun.claimed_by).where(FlowRun.id == run_id).tuples()
    ((worker,),) = ledger.read(lambda db: list(query.execute(db))).result()
    later = now_micros() + 100 * SECOND
    ledger.write(vouch, uuids.uuid7(), [run_id], later).result()
    assert ledger.read(processes).result()[0].until < later
    ledger.write(vouch, worker, [run_id], later).result()
    assert ledger.read(processes).result()[0].until == later + 30 * SECOND


def test_runs_that_a_run_has_asked_for_are_cancelled_with_it(ledger: Ledger) -> None:
    row = deploy(ledger)
    parent = ledger.write(create_run, RunRequest("etl/daily")).result()
    begin(ledger, row, now_micros())
    asked = RunRequest("etl/daily", parent_flow_run_id=parent)
    child = ledger.write(create_run, asked).result()
    grandchild = ledger.write(
        create_run, RunRequest("etl/daily", parent_flow_run_id=child)
    ).result()
    ledger.write(cancel, parent).result()
    assert [seen(ledger, key)[0] for key in (parent, child, grandchild)] == [
        "CANCELLING",
        "CANCELLED",
        "CANCELLED",
    ]
