"""The scheduler's loop, on a clock of its own."""

from __future__ import annotations

import asyncio
import subprocess
from uuid import UUID

import msgspec
import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.liveness import identity
from headrace.records import SlotHolder, SlotRequest, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import Claimant, claim, has_lapsed_workers, workers_by_process
from headrace_service.ledger.concurrency import acquire
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.firing import next_fire
from headrace_service.ledger.limits import LimitValues, create_limit
from headrace_service.ledger.models import Deployment, FlowRun, Schedule, Slot
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.work_pools import WorkerCall, keep_worker
from headrace_service.loops.rests import FIRST as REST
from headrace_service.loops.scheduler import LATE, LOOK_AGAIN, PATIENCE, Scheduler
from headrace_service.schedules import ScheduleSpec

SECOND = 1_000_000


class FakeClock:
    """Time passes when somebody sleeps."""

    def __init__(self, now: int) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += round(seconds * SECOND)
        await asyncio.sleep(0)


def deploy(ledger: Ledger, spec: ScheduleSpec) -> int:
    """Deploy with a schedule; returns when it fires first."""
    wanted = DeploymentInput("etl", "often", schedules=[ScheduleInput(spec)])
    ledger.write(apply_deployment, wanted).result()
    coming = ledger.read(next_fire).result()
    assert coming is not None
    return coming


def fired(ledger: Ledger) -> list[int]:
    query = FlowRun.select(FlowRun.scheduled_time).order_by(FlowRun.scheduled_time).tuples()
    return [at for (at,) in ledger.read(lambda db: list(query.execute(db))).result()]


async def test_it_fires_at_each_time_and_sleeps_in_between(ledger: Ledger) -> None:
    first = deploy(ledger, ScheduleSpec(interval=10 * SECOND))
    clock = FakeClock(first - 5 * SECOND)
    scheduler = Scheduler(lambda: ledger, clock)
    while clock.time <= first + 20 * SECOND:
        await clock.sleep(await scheduler.step())
    assert fired(ledger) == [first, first + 10 * SECOND, first + 20 * SECOND]
    assert max(clock.slept) <= LOOK_AGAIN


async def test_two_schedulers_make_one_run_of_each_time(ledger: Ledger) -> None:
    first = deploy(ledger, ScheduleSpec(interval=SECOND))

    async def go_on() -> None:
        clock = FakeClock(first - SECOND)
        scheduler = Scheduler(lambda: ledger, clock)
        while clock.time < first + 5 * SECOND:
            await clock.sleep(await scheduler.step())

    await asyncio.gather(go_on(), go_on())
    times = fired(ledger)
    assert times == [first + second * SECOND for second in range(len(times))]
    assert len(times) >= 5


async def test_schedules_that_cannot_fire_rest_and_keep_no_other_from_its_time(
    ledger: Ledger,
) -> None:
    first = deploy(ledger, ScheduleSpec(interval=10 * SECOND))
    often = [ScheduleInput(ScheduleSpec(interval=SECOND), slug=f"s-{n}") for n in range(60)]
    for name in ("broken", "broken, too"):  # more than fire in one transaction
        ledger.write(apply_deployment, DeploymentInput("etl", name, schedules=often)).result()
    are_broken = Deployment.name.startswith("broken")
    spoil = Deployment.update({Deployment.parameters: "no JSON"}).where(are_broken)
    early = Schedule.update({Schedule.next_fire: 1}).where(Schedule.slug.startswith("s-"))
    ledger.write(lambda db: (spoil.execute(db), early.execute(db))).result()
    clock = FakeClock(first)
    scheduler = Scheduler(lambda: ledger, clock)
    assert await scheduler.step() == 0  # there are more than a hundred
    assert await scheduler.step() == LOOK_AGAIN
    assert fired(ledger) == [first]
    mend = Deployment.update({Deployment.parameters: "{}"}).where(are_broken)
    ledger.write(lambda db: mend.execute(db)).result()
    await scheduler.step()
    assert len(fired(ledger)) == 1
    clock.time += REST
    await scheduler.step()
    assert len(fired(ledger)) > 1


async def test_a_clock_that_is_set_back_repeats_nothing(ledger: Ledger) -> None:
    first = deploy(ledger, ScheduleSpec(interval=10 * SECOND))
    clock = FakeClock(first)
    scheduler = Scheduler(lambda: ledger, clock)
    await scheduler.step()
    clock.time -= 3600 * SECOND
    assert await scheduler.step() == LOOK_AGAIN
    clock.time = first + 10 * SECOND
    await scheduler.step()
    assert fired(ledger) == [first, first + 10 * SECOND]


async def test_what_was_due_is_due_and_what_lapses_lapses_though_the_clock_is_set_back(
    ledger: Ledger,
) -> None:
    row = ledger.write(apply_deployment, DeploymentInput("etl", "asked")).result()
    now = now_micros()
    at_once = ledger.write(create_run, RunRequest(str(row.id))).result()
    later = RunRequest(str(row.id), scheduled_time=now + SECOND)
    named = ledger.write(create_run, later).result()
    silent = WorkerCall(uuids.uuid7(), "w", None, "elsewhere", 1, 30.0, identity="unknown")
    ledger.write(keep_worker, silent).result()
    ledger.write(create_limit, "rate", LimitValues(1, 0.001), now).result()
    slot = SlotRequest(uuids.uuid7(), ["rate"], SlotHolder("mill", 7), rate_limited=True)
    assert ledger.write(acquire, slot, now).result().answer.granted
    clock = FakeClock(now)
    scheduler = Scheduler(lambda: ledger, clock)
    await scheduler.step()
    clock.time -= 3600 * SECOND
    await scheduler.step()

    claimant = Claimant(uuids.uuid7(), deployment_ids=[row.id], limit=2)
    claimed = ledger.write(claim, claimant, clock.time).result()
    assert [each.flow_run_id for each in claimed] == [at_once]
    assert state_of(ledger, named) == "SCHEDULED Scheduled"
    again = msgspec.structs.replace(slot, lease_id=uuids.uuid7())
    assert ledger.write(acquire, again, clock.time).result().answer.granted
    assert not ledger.read(has_lapsed_workers, clock.time + PATIENCE).result()
    assert ledger.read(has_lapsed_workers, clock.time + PATIENCE + 1).result()


async def test_with_nothing_scheduled_it_only_looks(ledger: Ledger) -> None:
    assert await Scheduler(lambda: ledger, FakeClock(0)).step() == LOOK_AGAIN


async def test_workers_that_nobody_could_hear_get_time_before_their_claims_are_given_back(
    ledger: Ledger,
) -> None:
    wanted = DeploymentInput("etl", "asked", parameters={})
    row = ledger.write(apply_deployment, wanted).result()
    run_id = ledger.write(create_run, RunRequest(str(row.id))).result()
    worker, now = uuids.uuid7(), now_micros()
    ledger.write(keep_worker, WorkerCall(worker, "w", None, "host", 1, 0.0)).result()
    ledger.write(claim, Claimant(worker, deployment_ids=[row.id]), now).result()
    clock = FakeClock(now + SECOND)
    scheduler = Scheduler(lambda: ledger, clock)  # it begins after the lease is over
    states = set()
    while clock.time <= now + SECOND + PATIENCE:
        pause = await scheduler.step()
        states.add(state_of(ledger, run_id))
        await clock.sleep(pause)
    assert states == {"PENDING Pending"}
    await scheduler.step()
    assert state_of(ledger, run_id) == "SCHEDULED Late"  # it was due long ago


async def test_a_run_that_nobody_takes_is_late_and_can_still_be_claimed(ledger: Ledger) -> None:
    row = ledger.write(apply_deployment, DeploymentInput("etl", "asked")).result()
    now = now_micros()
    run_id = ledger.write(create_run, RunRequest(str(row.id), scheduled_time=now)).result()
    clock = FakeClock(now)
    scheduler = Scheduler(lambda: ledger, clock)
    await scheduler.step()
    assert state_of(ledger, run_id) == "SCHEDULED Scheduled"
    clock.time += LATE + SECOND
    await scheduler.step()
    assert state_of(ledger, run_id) == "SCHEDULED Late"
    await scheduler.step()
    (claimed,) = ledger.write(
        claim, Claimant(uuids.uuid7(), deployment_ids=[row.id]), clock.now()
    ).result()
    assert claimed.flow_run_id == run_id


async def test_a_slot_whose_holder_cannot_be_read_keeps_no_run_from_being_called_late(
    ledger: Ledger,
) -> None:
    limited = DeploymentInput("etl", "limited", concurrency_limit=1)
    now, runs = now_micros(), []
    for wanted in (limited, DeploymentInput("etl", "free")):
        row = ledger.write(apply_deployment, wanted).result()
        runs.append(ledger.write(create_run, RunRequest(str(row.id), scheduled_time=now)).result())
    taken = SlotRequest(uuids.uuid7(), ["deployment:etl/limited"], SlotHolder("mill", 7))
    assert ledger.write(acquire, taken, now).result().answer.granted
    ledger.write(lambda db: Slot.update({Slot.holder: "no JSON"}).execute(db)).result()
    clock = FakeClock(now + LATE + SECOND)
    await Scheduler(lambda: ledger, clock).step()
    assert [state_of(ledger, run_id) for run_id in runs] == ["SCHEDULED Late"] * 2


def state_of(ledger: Ledger, run_id: UUID) -> str:
    columns = (FlowRun.state_type, FlowRun.state_name)
    query = FlowRun.select(*columns).where(FlowRun.id == run_id).tuples()
    ((kind, name),) = ledger.read(lambda db: list(query.execute(db))).result()
    return f"{kind} {name}"


async def test_a_schedule_that_cannot_fire_keeps_no_other_from_it(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = DeploymentInput(
        "etl", "spoilt", schedules=[ScheduleInput(ScheduleSpec(interval=SECOND))]
    )
    row = ledger.write(apply_deployment, spoilt).result()

    def spoil(db: peewee.Database) -> None:
        Deployment.update({Deployment.parameters: "{"}).where(Deployment.id == row.id).execute(db)

    ledger.write(spoil).result()
    first = deploy(ledger, ScheduleSpec(interval=10 * SECOND))
    clock = FakeClock(first + 10 * SECOND)
    scheduler = Scheduler(lambda: ledger, clock)
    for _ in range(2):
        assert await scheduler.step() == LOOK_AGAIN  # and not at once, again and again
    assert len(fired(ledger)) == 1
    assert caplog.text.count("cannot fire") == 1


async def test_a_worker_whose_process_can_be_seen_to_have_ended_is_gone_at_once(
    ledger: Ledger,
) -> None:
    row = ledger.write(apply_deployment, DeploymentInput("etl", "asked")).result()
    with subprocess.Popen(["sleep", "60"]) as process:  # noqa: ASYNC220
        gone, here = (
            WorkerCall(
                uuids.uuid7(), "w", None, "h", 1, 30.0, deployment_ids=[row.id], identity=who
            )
            for who in (identity(process.pid), identity())
        )
        process.kill()
    claimed = []
    for call in (gone, here):
        claimed.append(ledger.write(create_run, RunRequest(str(row.id))).result())
        ledger.write(keep_worker, call).result()
        ledger.write(
            claim, Claimant(call.worker_id, deployment_ids=[row.id]), now_micros()
        ).result()
    await Scheduler(lambda: ledger, FakeClock(now_micros())).step()
    assert [state_of(ledger, run_id) for run_id in claimed] == [
        "SCHEDULED Scheduled",
        "PENDING Pending",
    ]
    left = ledger.read(workers_by_process).result()
    assert [key for key, _ in left] == [here.worker_id]
