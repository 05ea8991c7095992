"""Runs of deployments: fired once, claimed once, given back, ended for a process that is gone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
import uuid_utils.compat as uuids

from headrace.records import FlowRunChanged, ProcessInfo, StateType, now_micros
from headrace_service.ledger import Ledger, deployments
from headrace_service.ledger.claims import (
    Claimant,
    Claimed,
    claim,
    conclude,
    next_due,
    release,
    release_lapsed,
)
from headrace_service.ledger.deletion import begin_deletion
from headrace_service.ledger.deployment_schedules import (
    ScheduleInput,
    ScheduleRow,
    create_schedule,
    schedules_of,
    set_schedule_active,
    update_schedule,
)
from headrace_service.ledger.deployments import (
    DeploymentInput,
    DeploymentRow,
    apply_deployment,
    delete_deployment,
    put_bundle,
    set_deployment_paused,
)
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.firing import due_schedules, fire, firings
from headrace_service.ledger.flow_run_inputs import resume_flow_run
from headrace_service.ledger.models import Deployment, FlowRun, Schedule
from headrace_service.ledger.processes import Ended, processes, reap
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.steering import cancel
from headrace_service.ledger.work_pools import (
    NewWorkPool,
    WorkerCall,
    create_work_pool,
    delete_work_pool,
    keep_worker,
    set_pool_paused,
)
from headrace_service.schedules import Catchup, SchedulePolicy, ScheduleSpec
from tests.builders import Stream, state
from tests.ledger.schedules_kit import fire_due

SECOND = 1_000_000
SCHEMA = {
    "properties": {"n": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["n"],
}


def deploy(ledger: Ledger, **wanted: Any) -> DeploymentRow:
    given = {"flow_name": "etl", "name": "daily", "parameters": {"n": 1}, **wanted}
    return ledger.write(apply_deployment, DeploymentInput(**given)).result()


def ask(ledger: Ledger, **wanted: Any) -> UUID:
    return ledger.write(create_run, RunRequest("etl/daily", **wanted)).result()


def take(ledger: Ledger, row: DeploymentRow, limit: int = 10) -> list[Claimed]:
    claimant = Claimant(uuids.uuid7(), deployment_ids=[row.id], limit=limit)
    return ledger.write(claim, claimant, now_micros()).result()


def run(ledger: Ledger, run_id: UUID) -> dict[str, Any]:
    query = FlowRun.select().where(FlowRun.id == run_id).dicts()
    (row,) = ledger.read(lambda db: list(query.execute(db))).result()
    return dict(row)


def runs(ledger: Ledger) -> int:
    return ledger.read(lambda db: FlowRun.select().count(db)).result()


def due_since(ledger: Ledger, row: DeploymentRow, seconds: int) -> int:
    """Pretend that the deployment's schedules were last looked at some time ago."""
    moment = now_micros() - seconds * SECOND
    update = Schedule.update({Schedule.next_fire: moment})
    ledger.write(lambda db: update.where(Schedule.deployment_id == row.id).execute(db)).result()
    return moment


def schedules_now(ledger: Ledger, row: DeploymentRow) -> list[ScheduleRow]:
    (found,) = ledger.read(schedules_of, [row.id]).result()
    return found


def test_deploying_the_same_again_changes_nothing(ledger: Ledger) -> None:
    schedules = [
        ScheduleInput(ScheduleSpec(cron="0 8 * * *")),
        ScheduleInput(ScheduleSpec(interval=60 * SECOND)),
    ]
    first = deploy(ledger, schedules=schedules)
    before = ledger.read(schedules_of, [first.id]).result()
    again = deploy(ledger, schedules=schedules)
    assert (again, again.revision) == (first, 1)
    assert ledger.read(schedules_of, [first.id]).result() == before
    fewer = deploy(ledger, schedules=schedules[:1])
    assert ledger.read(schedules_of, [first.id]).result() == [before[0][:1]]
    assert fewer.revision == 2


@pytest.mark.parametrize("change", [{"concurrency_limit": 2}, {"retries": 1}, {"version": "2"}])
def test_each_change_of_a_deployment_is_a_revision_and_no_other_is(
    ledger: Ledger, change: dict[str, Any]
) -> None:
    assert deploy(ledger).revision == 1
    assert [deploy(ledger, **change).revision for _ in range(2)] == [2, 2]
    assert deploy(ledger).revision == 3


def test_what_somebody_changed_by_hand_outlasts_another_deployment(ledger: Ledger) -> None:
    daily = ScheduleInput(ScheduleSpec(cron="0 8 * * *"))
    often = ScheduleInput(ScheduleSpec(interval=60 * SECOND), slug="often")
    row = deploy(ledger, schedules=[daily, often])
    first, second = schedules_now(ledger, row)
    ledger.write(set_schedule_active, first.id, False).result()
    edited = ScheduleInput(ScheduleSpec(cron="0 9 * * *"), parameters={"n": 1})
    ledger.write(update_schedule, second.id, edited).result()
    ledger.write(create_schedule, row.id, ScheduleInput(ScheduleSpec(cron="0 0 1 1 *"))).result()
    before = schedules_now(ledger, row)

    deploy(ledger, schedules=[daily, often])
    assert schedules_now(ledger, row) == before
    # Said in so many words, it counts.
    deploy(ledger, schedules=[msgspec.structs.replace(daily, active=True), often])
    resumed, *others = schedules_now(ledger, row)
    assert (resumed.id, resumed.active) == (first.id, True)
    assert resumed.next_fire is not None
    assert others == before[1:]
    # What changes in the deployment changes the schedule, and what it drops goes.
    ledger.write(set_schedule_active, first.id, False).result()
    deploy(ledger, schedules=[msgspec.structs.replace(daily, parameters={"n": 2})])
    changed, added = schedules_now(ledger, row)
    assert (changed.id, changed.active, changed.parameters) == (first.id, False, {"n": 2})
    assert added == before[2]


def test_a_deployment_has_no_more_schedules_than_it_may(ledger: Ledger) -> None:
    lines = [ScheduleInput(ScheduleSpec(cron=f"{at} 8 * * *")) for at in range(50)]
    lines += [ScheduleInput(ScheduleSpec(cron=f"{at} 9 * * *")) for at in range(50)]
    row = deploy(ledger, schedules=lines[:1])
    ledger.write(create_schedule, row.id, ScheduleInput(ScheduleSpec(cron="0 0 1 1 *"))).result()
    with pytest.raises(InvalidInput, match="at most 100 schedules"):
        deploy(ledger, schedules=lines)
    assert len(schedules_now(ledger, row)) == 2


def test_a_slug_keeps_a_schedule_whose_times_change(ledger: Ledger) -> None:
    row = deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(cron="0 8 * * *"), slug="s")])
    ((before,),) = ledger.read(schedules_of, [row.id]).result()
    deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(cron="0 9 * * *"), slug="s")])
    ((after,),) = ledger.read(schedules_of, [row.id]).result()
    assert after.id == before.id
    assert after.spec.cron == "0 9 * * *"
    assert after.revision == before.revision + 1  # who edits what he saw before is told
    assert after.next_fire != before.next_fire


def test_a_schedule_that_makes_no_sense_creates_nothing(ledger: Ledger) -> None:
    with pytest.raises(InvalidInput, match="no cron line") as raised:
        deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(cron="often"))])
    assert raised.value.field == "schedules[0]"
    with pytest.raises(NotFound):
        ask(ledger)


def test_schedulers_that_fire_at_once_make_one_run(ledger: Ledger) -> None:
    row = deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(interval=3600 * SECOND))])
    moment = due_since(ledger, row, 5)
    now = now_micros()
    due = firings(ledger.read(due_schedules, now).result(), now)
    fired = [ledger.write(fire, due) for _ in range(4)]
    assert {len(future.result()) for future in fired} == {1}
    due_since(ledger, row, 5)  # as a scheduler has it that was stopped before its commit
    assert runs(ledger) == 1
    (claimed,) = take(ledger, row)
    # The time at which it was to fire, by its own count.
    assert claimed.scheduled_time >= moment
    assert run(ledger, claimed.flow_run_id)["tags"] == '["auto-scheduled"]'


def test_a_schedule_that_was_paused_since_somebody_looked_does_not_fire(ledger: Ledger) -> None:
    row = deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(interval=3600 * SECOND))])
    due_since(ledger, row, 5)
    now = now_micros()
    due = firings(ledger.read(due_schedules, now).result(), now)
    ledger.write(set_deployment_paused, row.id, True).result()
    ledger.write(fire, due).result()
    assert runs(ledger) == 0


def test_a_schedule_that_makes_no_sense_any_more_stops_no_other(ledger: Ledger) -> None:
    row = deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(cron="* * * * *"))])
    elsewhere = msgspec.json.encode(ScheduleSpec(cron="* * * * *", timezone="Mars/Base"))
    lost = Schedule.update({Schedule.spec: elsewhere.decode()})
    ledger.write(lambda db: lost.execute(db)).result()
    due_since(ledger, row, 120)
    other = deploy(ledger, name="o", schedules=[ScheduleInput(ScheduleSpec(interval=SECOND))])
    due_since(ledger, other, 60)
    assert fire_due(ledger, now_micros()) is not None
    assert runs(ledger) == 1
    assert ledger.read(schedules_of, [row.id]).result()[0][0].next_fire is None


def test_a_schedule_whose_runs_have_no_key_stops_no_other(ledger: Ledger) -> None:
    hourly = ScheduleInput(ScheduleSpec(interval=3600 * SECOND))
    keyless = deploy(ledger, schedules=[hourly])
    other = deploy(ledger, name="o", schedules=[hourly])
    template = Deployment.update({Deployment.limit_key: "{tenant}"})
    ledger.write(lambda db: template.where(Deployment.id == keyless.id).execute(db)).result()
    for row in (keyless, other):
        due_since(ledger, row, 5)
    assert fire_due(ledger, now_micros()) is not None
    assert [take(ledger, row) == [] for row in (keyless, other)] == [True, False]


@pytest.mark.parametrize(
    ("catchup", "made"), [(Catchup.LATEST, 1), (Catchup.NONE, 0), (Catchup.ALL, 3)]
)
def test_what_becomes_of_missed_times(ledger: Ledger, catchup: Catchup, made: int) -> None:
    anchor = now_micros() - 30 * 60 * SECOND
    spec = ScheduleSpec(interval=3600 * SECOND, anchor=anchor)
    row = deploy(ledger, schedules=[ScheduleInput(spec, policy=SchedulePolicy(catchup))])
    due_since(ledger, row, 3 * 3600)
    coming = fire_due(ledger, now_micros())
    assert runs(ledger) == made
    assert coming == anchor + 3600 * SECOND


def test_a_paused_deployment_fires_no_more_and_goes_on_from_now(ledger: Ledger) -> None:
    row = deploy(ledger, schedules=[ScheduleInput(ScheduleSpec(interval=SECOND))])
    ledger.write(set_deployment_paused, row.id, True).result()
    assert fire_due(ledger, now_micros() + 3600 * SECOND) is None
    assert runs(ledger) == 0
    ledger.write(set_deployment_paused, row.id, False).result()
    assert fire_due(ledger, now_micros() - SECOND) is not None
    assert runs(ledger) == 0


def test_a_run_that_is_asked_for_has_the_parameters_of_both(ledger: Ledger) -> None:
    deploy(ledger, parameters={"n": 1, "city": "Bonn"}, tags=["a"], parameter_schema=SCHEMA)
    run_id = ask(ledger, parameters={"n": 2}, tags=["b"], name="by-hand")
    row = run(ledger, run_id)
    assert (row["name"], row["state_type"], row["tags"]) == ("by-hand", "SCHEDULED", '["a","b"]')
    assert row["parameters"] == '{"n":2,"city":"Bonn"}'


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n": "many", "city": 3}, "city: 3 is not of type 'string'"),
        ({"m": 1}, "the flow has no parameter 'm'; it has n, city"),
    ],
)
def test_parameters_that_do_not_fit_are_named(
    ledger: Ledger, parameters: dict[str, Any], message: str
) -> None:
    deploy(ledger, parameter_schema=SCHEMA)
    with pytest.raises(InvalidInput, match=message):
        ask(ledger, parameters=parameters)
    assert runs(ledger) == 0


def test_one_key_makes_one_run(ledger: Ledger) -> None:
    deploy(ledger)
    assert ask(ledger, idempotency_key="k") == ask(ledger, idempotency_key="k")
    assert runs(ledger) == 1


def test_a_run_is_claimed_once_and_not_before_it_is_due(ledger: Ledger) -> None:
    row = deploy(ledger)
    later = now_micros() + 3600 * SECOND
    now, then = ask(ledger), ask(ledger, scheduled_time=later)
    (claimed,) = take(ledger, row)
    assert (claimed.flow_run_id, claimed.epoch) == (now, 1)
    assert run(ledger, now)["state_type"] == "PENDING"
    assert take(ledger, row) == []
    assert run(ledger, then)["state_type"] == "SCHEDULED"
    claimant = Claimant(uuids.uuid7(), deployment_ids=[row.id])
    assert ledger.read(next_due, claimant).result() == later


def test_what_a_lapsed_worker_has_claimed_is_given_back_and_fenced(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id, worker = ask(ledger), uuids.uuid7()
    ledger.write(keep_worker, WorkerCall(worker, "w", None, "host", 1, 1.0)).result()
    claimant = Claimant(worker, deployment_ids=[row.id])
    (first,) = ledger.write(claim, claimant, now_micros()).result()
    assert ledger.write(release_lapsed, now_micros()).result() == []
    assert ledger.write(release_lapsed, now_micros() + 2 * SECOND).result() == [run_id]

    def begins(epoch: int) -> list[str]:
        change = FlowRunChanged(run_id, state("RUNNING"), epoch)
        return [
            refused.message for refused in ledger.append(Stream().batch(change)).result().refused
        ]

    assert begins(first.epoch) == ["claim 1 of the run was superseded"]
    (second,) = take(ledger, row)
    assert begins(first.epoch) == ["claim 1 of the run was superseded"]
    assert begins(second.epoch) == []
    assert run(ledger, run_id)["state_type"] == "RUNNING"


def test_what_an_answer_that_was_lost_told_of_is_given_back(ledger: Ledger) -> None:
    row = deploy(ledger)
    kept, lost = ask(ledger), ask(ledger)
    worker = Claimant(uuids.uuid7(), deployment_ids=[row.id], limit=1)
    claimed = [ledger.write(claim, worker, now_micros()).result()[0] for _ in range(2)]
    assert [one.flow_run_id for one in claimed] == [kept, lost]
    knowing = msgspec.structs.replace(worker, holding=frozenset({kept}))
    (again,) = ledger.write(claim, knowing, now_micros()).result()
    assert (again.flow_run_id, again.epoch) == (lost, 3)
    assert run(ledger, kept)["epoch"] == 1


def test_what_has_a_process_is_not_given_back(ledger: Ledger) -> None:
    row = deploy(ledger)
    begun, to_cancel, unbegun = ask(ledger), ask(ledger), ask(ledger)
    worker = Claimant(uuids.uuid7(), deployment_ids=[row.id], limit=3)
    ledger.write(claim, worker, now_micros()).result()
    stream = Stream()
    batch = stream.batch(*(FlowRunChanged(key, state("PENDING"), 1) for key in (begun, to_cancel)))
    process = ProcessInfo("host", 1, "host/1", 30.0)
    assert ledger.append(msgspec.structs.replace(batch, process=process)).result().refused == []
    for key in (to_cancel, unbegun):
        assert ledger.write(cancel, key).result() is StateType.CANCELLING
    assert ledger.write(release, [worker.worker_id]).result() == [unbegun]
    states = [run(ledger, key)["state_type"] for key in (begun, to_cancel, unbegun)]
    assert states == ["PENDING", "CANCELLING", "CANCELLED"]


def test_a_resumed_run_does_not_end_with_the_process_that_suspended_it(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id = ask(ledger)
    (first,) = take(ledger, row)
    told = (state("RUNNING", run_count=1), state("PAUSED", "Suspended", run_count=1))
    batch = Stream().batch(*(FlowRunChanged(run_id, each, first.epoch) for each in told))
    process = ProcessInfo("host", 1, "host/1", 30.0)
    assert ledger.append(msgspec.structs.replace(batch, process=process)).result().refused == []
    assert take(ledger, row) == []
    assert ledger.write(resume_flow_run, run_id, None).result() is None
    late = Stream().batch(FlowRunChanged(run_id, state("RUNNING", run_count=1), first.epoch))
    assert [refused.code for refused in ledger.append(late).result().refused] == ["Conflict"]
    (second,) = take(ledger, row)
    assert (second.flow_run_id, second.epoch, second.run_count) == (run_id, 3, 1)
    gone = [Ended(each, "it is gone", lapsed=False) for each in ledger.read(processes).result()]
    assert len(gone) == 1
    assert ledger.write(reap, gone, now_micros()).result().answer.runs == 0
    assert run(ledger, run_id)["state_type"] == "PENDING"


def test_a_process_that_died_without_a_word_has_its_run_ended(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id = ask(ledger)
    (claimed,) = take(ledger, row)
    outdated = ledger.write(conclude, run_id, claimed.epoch - 1, "gone").result()
    assert outdated == (StateType.PENDING, False)
    assert ledger.write(conclude, run_id, claimed.epoch, "gone").result() == (
        StateType.CRASHED,
        True,
    )
    assert run(ledger, run_id)["state_message"] == "gone"


def test_what_the_dead_process_left_corrects_the_verdict(ledger: Ledger) -> None:
    row = deploy(ledger)
    run_id, stream = ask(ledger), Stream()
    (claimed,) = take(ledger, row)
    begun = FlowRunChanged(run_id, state("RUNNING"), claimed.epoch)
    assert ledger.append(stream.batch(begun)).result().refused == []
    ledger.write(conclude, run_id, claimed.epoch, "gone").result()
    done = FlowRunChanged(run_id, state("COMPLETED"), claimed.epoch)
    left = msgspec.structs.replace(stream.batch(done), replayed=True)
    assert ledger.append(left).result().refused == []
    assert run(ledger, run_id)["state_type"] == "COMPLETED"


def test_cancelling(ledger: Ledger) -> None:
    row = deploy(ledger)
    waiting = ask(ledger)
    assert ledger.write(cancel, waiting).result() is StateType.CANCELLED
    begun = ask(ledger)
    (claimed,) = take(ledger, row)
    assert ledger.write(cancel, begun).result() is StateType.CANCELLING
    concluded = ledger.write(conclude, begun, claimed.epoch, "").result()
    assert concluded == (StateType.CANCELLED, True)
    with pytest.raises(NotFound):
        ledger.write(cancel, uuids.uuid7()).result()


def test_a_pool_gives_no_more_than_its_limit_and_nothing_while_paused(ledger: Ledger) -> None:
    pool = ledger.write(create_work_pool, NewWorkPool("p", concurrency_limit=2)).result()
    deploy(ledger, work_pool="p")
    for _ in range(3):
        ask(ledger)
    claimant = Claimant(uuids.uuid7(), pool.id, limit=10)
    ledger.write(set_pool_paused, "p", True).result()
    assert ledger.write(claim, claimant, now_micros()).result() == []
    ledger.write(set_pool_paused, "p", False).result()
    assert len(ledger.write(claim, claimant, now_micros()).result()) == 2
    assert ledger.write(claim, claimant, now_micros()).result() == []
    with pytest.raises(Conflict, match="deployments belong"):
        ledger.write(delete_work_pool, "p").result()


def test_a_pools_first_queue_is_served_first(ledger: Ledger) -> None:
    pool = ledger.write(create_work_pool, NewWorkPool("p")).result()
    deploy(ledger, name="slow", work_pool="p", work_queue="slow")
    deploy(ledger, name="daily", work_pool="p")
    ledger.write(create_run, RunRequest("etl/slow", name="slow")).result()
    ask(ledger, name="quick")
    claimed = ledger.write(claim, Claimant(uuids.uuid7(), pool.id, limit=2), now_micros()).result()
    assert [one.name for one in claimed] == ["quick", "slow"]
    ask(ledger, name="again")
    only = Claimant(uuids.uuid7(), pool.id, ["slow"], limit=2)
    assert ledger.write(claim, only, now_micros()).result() == []


def test_an_unknown_pool_names_the_command_that_creates_it(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match=r"`headrace work-pool create --type process nowhere`"):
        deploy(ledger, work_pool="nowhere")


def test_a_bundle_is_kept_once_under_what_it_contains(ledger: Ledger) -> None:
    keys = {ledger.write(put_bundle, b"code", {"python": "3.11"}).result() for _ in range(2)}
    assert len(keys) == 1


def test_a_bundle_that_is_too_large_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "MAX_BUNDLE", 3)
    with pytest.raises(InvalidInput, match="a bundle of 4 bytes is too large: use 3 at most"):
        ledger.write(put_bundle, b"code", {}).result()


def test_the_runs_of_a_deleted_deployment_stay(ledger: Ledger) -> None:
    row = deploy(ledger)
    ask(ledger)
    ledger.write(delete_deployment, "etl/daily").result()
    assert runs(ledger) == 1
    assert take(ledger, row) == []


def test_deleting_a_deployment_cancels_the_runs_that_wait(ledger: Ledger) -> None:
    row = deploy(ledger)
    claimed = ask(ledger)
    take(ledger, row)
    waiting = ask(ledger)
    ledger.write(delete_deployment, row.id).result()
    assert run(ledger, claimed)["state_type"] == "PENDING"
    assert run(ledger, waiting)["state_type"] == "CANCELLED"
    assert run(ledger, waiting)["state_message"] == "Its deployment was deleted."


def test_a_pool_with_runs_that_have_not_ended_stays(ledger: Ledger) -> None:
    ledger.write(create_work_pool, NewWorkPool("old")).result()
    deploy(ledger, work_pool="old")
    waiting = ask(ledger)
    ledger.write(create_work_pool, NewWorkPool("new")).result()
    deploy(ledger, work_pool="new")
    with pytest.raises(Conflict, match="1 runs of work pool 'old' have not ended"):
        ledger.write(delete_work_pool, "old").result()
    ledger.write(cancel, waiting).result()
    ledger.write(delete_work_pool, "old").result()


def states_of(ledger: Ledger) -> list[tuple[str, str]]:
    query = FlowRun.select(FlowRun.state_type, FlowRun.state_name).order_by(FlowRun.id).tuples()
    return [(kind, name) for kind, name in ledger.read(query.execute).result()]


def test_runs_beyond_a_deployments_limit_wait_for_a_place(ledger: Ledger) -> None:
    served = deploy(ledger, concurrency_limit=1, collision_strategy="ENQUEUE")
    other = deploy(ledger, name="other")
    for _ in range(3):
        ask(ledger)
    free = ledger.write(create_run, RunRequest("etl/other")).result()
    claimant = Claimant(uuids.uuid7(), deployment_ids=[served.id, other.id], limit=3)
    first, second = ledger.write(claim, claimant, now_micros()).result()
    assert second.flow_run_id == free
    assert states_of(ledger) == [
        ("PENDING", "Pending"),
        ("SCHEDULED", "AwaitingConcurrencySlot"),
        ("SCHEDULED", "AwaitingConcurrencySlot"),
        ("PENDING", "Pending"),
    ]
    assert ledger.write(claim, claimant, now_micros()).result() == []
    ledger.write(conclude, first.flow_run_id, first.epoch, "gone").result()
    (third,) = ledger.write(claim, claimant, now_micros()).result()
    assert states_of(ledger)[1] == ("PENDING", "Pending")
    assert third.flow_run_id not in (first.flow_run_id, free)


def test_a_run_that_waits_for_its_next_attempt_keeps_its_place(ledger: Ledger) -> None:
    served = deploy(ledger, concurrency_limit=1, collision_strategy="ENQUEUE")
    ask(ledger)
    ask(ledger)
    claimant = Claimant(uuids.uuid7(), deployment_ids=[served.id], limit=3)
    (claimed,) = ledger.write(claim, claimant, now_micros()).result()
    stream = Stream()
    for change in (state("RUNNING"), state("SCHEDULED", "AwaitingRetry")):
        record = FlowRunChanged(claimed.flow_run_id, change, claimed.epoch)
        assert ledger.append(stream.batch(record)).result().refused == []
    assert ledger.write(claim, claimant, now_micros()).result() == []


def test_runs_beyond_a_deployments_limit_are_cancelled_where_it_says_so(ledger: Ledger) -> None:
    served = deploy(ledger, concurrency_limit=1, collision_strategy="CANCEL_NEW")
    ask(ledger)
    ask(ledger)
    claimant = Claimant(uuids.uuid7(), deployment_ids=[served.id], limit=3)
    ledger.write(claim, claimant, now_micros()).result()
    assert states_of(ledger) == [("PENDING", "Pending"), ("CANCELLED", "Cancelled")]


def test_a_limit_below_zero_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InvalidInput, match="use 0 or more"):
        deploy(ledger, concurrency_limit=-1)


def test_a_runs_process_may_rename_it(ledger: Ledger) -> None:
    served = deploy(ledger)
    ask(ledger)
    claimant = Claimant(uuids.uuid7(), deployment_ids=[served.id])
    (claimed,) = ledger.write(claim, claimant, now_micros()).result()
    record = FlowRunChanged(claimed.flow_run_id, state("RUNNING"), claimed.epoch, "for-monday")
    assert ledger.append(Stream().batch(record)).result().refused == []
    assert ledger.read(FlowRun.select(FlowRun.name).scalar).result() == "for-monday"


def test_a_run_is_deleted_only_while_nobody_has_it(ledger: Ledger) -> None:
    row = deploy(ledger)
    waiting, claimed = ask(ledger), ask(ledger)
    ledger.write(begin_deletion, waiting).result()
    assert [each.flow_run_id for each in take(ledger, row)] == [claimed]
    with pytest.raises(Conflict, match="is Pending; cancel it first"):
        ledger.write(begin_deletion, claimed).result()
    assert runs(ledger) == 1


def test_a_key_stands_for_the_run_that_was_asked_for_under_it(ledger: Ledger) -> None:
    deploy(ledger)
    deploy(ledger, name="weekly")
    first = ask(ledger, idempotency_key="k", parameters={"n": 1, "city": "a"})
    again = ask(ledger, idempotency_key="k", parameters={"city": "a", "n": 1}, name="other")
    assert again == first
    for wanted in (
        RunRequest("etl/daily", {"n": 2}, idempotency_key="k"),
        RunRequest("etl/weekly", {"n": 1, "city": "a"}, idempotency_key="k"),
    ):
        with pytest.raises(Conflict, match="something else was asked for under the key 'k'"):
            ledger.write(create_run, wanted).result()
    ledger.write(begin_deletion, first).result()
    anew = ask(ledger, idempotency_key="k", parameters={"n": 2})
    assert (anew != first, runs(ledger)) == (True, 1)
