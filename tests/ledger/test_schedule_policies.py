"""Times of a schedule that meet earlier runs, begin late, were missed, or are made up for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuids

from headrace.records import StateType, now_micros
from headrace_service.blocking import Reason
from headrace_service.ledger import Ledger
from headrace_service.ledger.backfill import backfill
from headrace_service.ledger.claims import Claimant, claim, conclude
from headrace_service.ledger.deployment_schedules import (
    ScheduleInput,
    create_schedule,
    delete_schedule,
    schedules_of,
    set_schedule_active,
    update_schedule,
)
from headrace_service.ledger.deployments import DeploymentInput, DeploymentRow, apply_deployment
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.firing import give_up_too_late, mark_late, overdue
from headrace_service.ledger.models import FlowRun, Waiter
from headrace_service.ledger.queries.blocked import blocked_by
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.schedules import Catchup, Overlap, SchedulePolicy, ScheduleSpec, due
from tests.ledger.schedules_kit import fire_due

SECOND = 1_000_000
HOURLY = ScheduleSpec(interval=3600 * SECOND)


def deploy(
    ledger: Ledger,
    spec: ScheduleSpec = HOURLY,
    deployment: dict[str, Any] | None = None,
    **policy: Any,
) -> DeploymentRow:
    schedule = ScheduleInput(spec, policy=SchedulePolicy(**policy))
    wanted = DeploymentInput("etl", "hourly", schedules=[schedule], **(deployment or {}))
    return ledger.write(apply_deployment, wanted).result()


def test_a_key_makes_one_schedule(ledger: Ledger) -> None:
    row = deploy(ledger)

    def make(spec: ScheduleSpec, key: str | None) -> UUID:
        return ledger.write(create_schedule, row.id, ScheduleInput(spec), key).result().id

    daily = ScheduleSpec(cron="0 6 * * *")
    assert make(daily, "k") == make(daily, "k")
    assert len(ledger.read(schedules_of, [row.id]).result()[0]) == 2
    with pytest.raises(Conflict, match="something else was asked for under the key 'k'"):
        make(HOURLY, "k")
    assert make(daily, None) != make(daily, None)


def first_fire(ledger: Ledger, row: DeploymentRow) -> int:
    ((schedule,),) = ledger.read(schedules_of, [row.id]).result()
    assert schedule.next_fire is not None
    return schedule.next_fire


def states(ledger: Ledger) -> list[str]:
    """The types of the runs' states, by the time that they are of."""
    query = FlowRun.select(FlowRun.state_type).order_by(FlowRun.scheduled_time).tuples()
    return [kind for (kind,) in ledger.read(lambda db: list(query.execute(db))).result()]


def take(ledger: Ledger, row: DeploymentRow, now: int) -> list[tuple[UUID, int]]:
    claimant = Claimant(uuids.uuid7(), deployment_ids=[row.id], limit=10)
    return [
        (taken.flow_run_id, taken.epoch) for taken in ledger.write(claim, claimant, now).result()
    ]


@pytest.mark.parametrize(
    ("overlap", "after_second", "claimable"),
    [
        (Overlap.ALLOW, ["PENDING", "SCHEDULED"], 1),
        (Overlap.SKIP, ["PENDING"], 0),
        (Overlap.QUEUE, ["PENDING", "SCHEDULED"], 0),
        (Overlap.CANCEL_RUNNING, ["CANCELLING", "SCHEDULED"], 0),
    ],
)
def test_what_becomes_of_a_time_at_which_an_earlier_run_has_not_ended(
    ledger: Ledger, overlap: Overlap, after_second: list[str], claimable: int
) -> None:
    row = deploy(ledger, overlap=overlap)
    first = first_fire(ledger, row)
    second = first + 3600 * SECOND
    fire_due(ledger, first)
    ((begun, epoch),) = take(ledger, row, first)
    fire_due(ledger, second)
    assert states(ledger) == after_second
    assert len(take(ledger, row, second)) == claimable
    ledger.write(conclude, begun, epoch, "over").result()
    ends = "CANCELLED" if overlap is Overlap.CANCEL_RUNNING else "CRASHED"
    assert states(ledger)[0] == ends
    if overlap in (Overlap.QUEUE, Overlap.CANCEL_RUNNING):
        assert len(take(ledger, row, second)) == 1


def test_runs_in_a_queue_begin_one_after_the_other_and_tell_whom_they_wait_for(
    ledger: Ledger,
) -> None:
    row = deploy(ledger, overlap=Overlap.QUEUE, catchup=Catchup.ALL)
    first = first_fire(ledger, row)
    now = first + 2 * 3600 * SECOND
    fire_due(ledger, now)
    assert states(ledger) == ["SCHEDULED"] * 3
    order = []
    while taken := take(ledger, row, now):
        ((run_id, epoch),) = taken
        order.append(run_id)
        waiting = [key for key in runs_in_order(ledger) if key not in order]
        found = ledger.read(blocked_by, waiting).result()
        assert all(
            [(one.reason, list(one.held_by)) for one in each if one.reason is Reason.OVERLAP]
            == [(Reason.OVERLAP, [run_id])]
            for each in found
        )
        ledger.write(conclude, run_id, epoch, "over").result()
    assert order == runs_in_order(ledger)


@pytest.mark.parametrize("overlap", list(Overlap))
def test_a_singletons_time_makes_no_run_beside_one_of_its_key(
    ledger: Ledger, overlap: Overlap
) -> None:
    row = deploy(ledger, overlap=overlap, deployment={"singleton": True})
    first = first_fire(ledger, row)
    asked = ledger.write(create_run, RunRequest("etl/hourly", scheduled_time=first)).result()
    fire_due(ledger, first)
    assert runs_in_order(ledger) == [asked]  # whoever made it, it stands for the schedule's
    ((begun, epoch),) = take(ledger, row, first)
    fire_due(ledger, first + 3600 * SECOND)
    assert states(ledger) == ["PENDING"]
    ledger.write(conclude, begun, epoch, "over").result()
    fire_due(ledger, first + 2 * 3600 * SECOND)
    assert states(ledger) == ["CRASHED", "SCHEDULED"]


def test_a_debounced_time_puts_a_run_off_that_waits_and_gives_it_its_parameters(
    ledger: Ledger,
) -> None:
    spec = ScheduleInput(HOURLY, parameters={"tenant": "mill"})
    wanted = DeploymentInput("etl", "hourly", schedules=[spec], debounce_seconds=60.0)
    row = ledger.write(apply_deployment, wanted).result()
    asked = ledger.write(create_run, RunRequest("etl/hourly", {"tenant": "forge"})).result()
    first = first_fire(ledger, row)
    fire_due(ledger, first)
    columns = (FlowRun.id, FlowRun.parameters, FlowRun.scheduled_time)
    ((run_id, parameters, due),) = ledger.read(
        lambda db: list(FlowRun.select(*columns).tuples().execute(db))
    ).result()
    assert (run_id, parameters) == (asked, '{"tenant":"mill"}')
    assert due == first  # that is more than a minute from now


def test_a_debounced_time_begins_once_it_has_been_quiet(ledger: Ledger) -> None:
    row = deploy(ledger, deployment={"debounce_seconds": 7200.0})
    first = first_fire(ledger, row)
    fire_due(ledger, first)
    assert take(ledger, row, first) == []
    assert len(take(ledger, row, now_micros() + 7201 * SECOND)) == 1


def test_a_run_in_a_queue_stands_in_no_line_for_slots_until_it_is_its_turn(ledger: Ledger) -> None:
    row = deploy(ledger, overlap=Overlap.QUEUE, deployment={"concurrency_limit": 1})
    first = first_fire(ledger, row)
    second = first + 3600 * SECOND
    fire_due(ledger, first)
    ((begun, epoch),) = take(ledger, row, first)
    fire_due(ledger, second)
    asked = ledger.write(create_run, RunRequest("etl/hourly", scheduled_time=second + 1)).result()
    assert take(ledger, row, second + 2) == []
    in_line = Waiter.select(Waiter.lease_id).tuples()
    assert ledger.read(lambda db: list(in_line.execute(db))).result() == [(asked,)]
    ledger.write(conclude, begun, epoch, "over").result()
    assert len(take(ledger, row, second + 2)) == 1


def runs_in_order(ledger: Ledger) -> list[UUID]:
    query = FlowRun.select(FlowRun.id).order_by(FlowRun.scheduled_time).tuples()
    return [key for (key,) in ledger.read(lambda db: list(query.execute(db))).result()]


def test_a_run_that_does_not_begin_in_time_is_given_up(ledger: Ledger) -> None:
    row = deploy(ledger, start_deadline=60 * SECOND)
    first = first_fire(ledger, row)
    fire_due(ledger, first)
    made = now_micros()  # its time is an hour from now, which nobody waited for
    ledger.write(give_up_too_late, max(made, first)).result()
    assert states(ledger) == ["CANCELLED"]
    ((run,),) = [ledger.read(lambda db: list(FlowRun.select().dicts().execute(db))).result()]
    assert run["state_message"] == "It did not begin within the time that its schedule gives it."


def test_a_run_with_time_left_is_not_given_up(ledger: Ledger) -> None:
    row = deploy(ledger, start_deadline=7200 * SECOND)
    first = first_fire(ledger, row)
    fire_due(ledger, first)
    ledger.write(give_up_too_late, first).result()
    assert states(ledger) == ["SCHEDULED"]


def test_late_comes_with_the_reason(ledger: Ledger) -> None:
    row = deploy(ledger, overlap=Overlap.QUEUE, catchup=Catchup.ALL)
    first = first_fire(ledger, row)
    now = first + 3600 * SECOND
    fire_due(ledger, now)
    take(ledger, row, now)
    ledger.write(mark_late, now + SECOND).result()
    query = FlowRun.select(FlowRun.state_message).where(FlowRun.state_name == "Late").tuples()
    ((message,),) = ledger.read(lambda db: list(query.execute(db))).result()
    assert "An earlier run of its schedule has not ended." in message


@pytest.mark.parametrize(
    ("policy", "made"),
    [
        (SchedulePolicy(Catchup.ALL), 10),
        (SchedulePolicy(Catchup.ALL, catchup_max=3), 3),
        (SchedulePolicy(Catchup.ALL, catchup_window=4 * 3600 * SECOND), 5),
        (SchedulePolicy(Catchup.ALL, 3, 4 * 3600 * SECOND), 3),
        (SchedulePolicy(Catchup.ALL, start_deadline=90 * 60 * SECOND), 2),
        (SchedulePolicy(Catchup.LATEST, catchup_window=1), 1),
    ],
)
def test_how_many_missed_times_are_made_up_for(policy: SchedulePolicy, made: int) -> None:
    since = 1_000 * 3600 * SECOND
    times = due(HOURLY, since, since + 9 * 3600 * SECOND, policy)
    assert times == [since + hour * 3600 * SECOND for hour in range(10 - made, 10)]


def test_a_backfill_makes_each_missing_run_once(ledger: Ledger) -> None:
    row = deploy(ledger, ScheduleSpec(cron="0 * * * *"))
    since = 1_700_000_000 * SECOND // (3600 * SECOND) * 3600 * SECOND
    until = since + 4 * 3600 * SECOND
    told = ledger.write(backfill, row.full_name, since, until, True).result()
    assert [one.time for one in told] == [since + hour * 3600 * SECOND for hour in range(5)]
    assert states(ledger) == []
    made = ledger.write(backfill, row.full_name, since + SECOND, until, False).result()
    again = ledger.write(backfill, str(row.id), since, until, False).result()
    assert (len(made), len(again), states(ledger)) == (4, 1, ["SCHEDULED"] * 5)
    assert runs_in_order(ledger) == [again[0].flow_run_id, *(one.flow_run_id for one in made)]
    assert ledger.read(overdue, now_micros() - 60 * SECOND).result() == []  # they were just made


def test_a_backfill_that_cannot_be_is_refused(ledger: Ledger) -> None:
    row = deploy(ledger, ScheduleSpec(interval=SECOND))
    with pytest.raises(InvalidInput, match="more than 1000 times"):
        ledger.write(backfill, row.full_name, 0, 10_000 * SECOND, True).result()
    ledger.write(apply_deployment, DeploymentInput("etl", "asked")).result()
    with pytest.raises(InvalidInput, match="has no schedule"):
        ledger.write(backfill, "etl/asked", 0, SECOND, True).result()
    with pytest.raises(InvalidInput, match="before"):
        ledger.write(backfill, row.full_name, SECOND, 0, True).result()


def test_a_schedule_is_added_changed_paused_and_forgotten(ledger: Ledger) -> None:
    row = deploy(ledger)
    added = ledger.write(create_schedule, row.id, ScheduleInput(ScheduleSpec(cron="0 8 * * *")))
    key, coming = added.result().id, added.result().next_fire
    assert coming is not None

    policy = SchedulePolicy(overlap=Overlap.SKIP)
    same = ScheduleInput(ScheduleSpec(cron="0 8 * * *"), "morning", policy=policy)
    kept = ledger.write(update_schedule, key, same).result()
    assert (kept.next_fire, kept.slug, kept.policy) == (coming, "morning", policy)
    other = ScheduleInput(ScheduleSpec(cron="30 8 * * *"), "morning")
    assert ledger.write(update_schedule, key, other).result().next_fire != coming

    with pytest.raises(Conflict, match="is at revision 3, no longer at 1"):
        ledger.write(set_schedule_active, key, False, 1).result()
    assert ledger.write(set_schedule_active, key, False, 3).result().next_fire is None
    assert ledger.write(set_schedule_active, key, True).result().next_fire is not None
    never = ScheduleInput(ScheduleSpec(cron="0 0 30 2 *"))
    with pytest.raises(InvalidInput, match="never comes to a time"):
        ledger.write(update_schedule, key, never).result()
    ledger.write(delete_schedule, key).result()
    with pytest.raises(NotFound, match="headrace schedule ls"):
        ledger.write(delete_schedule, key).result()
    assert len(ledger.read(schedules_of, [row.id]).result()[0]) == 1
    assert StateType.CANCELLED.value not in states(ledger)
