"""Runs of deployments take slots of limits like all others, and give them back when they end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.records import SlotHolder, SlotRequest, StateType, now_micros
from headrace_service.ledger import Ledger, concurrency
from headrace_service.ledger.claims import Claimant, claim, release
from headrace_service.ledger.deletion import begin_deletion
from headrace_service.ledger.deployment_schedules import ScheduleInput
from headrace_service.ledger.deployments import (
    DeploymentInput,
    apply_deployment,
    delete_deployment,
    deployment,
)
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.limits import LimitValues, create_limit, update_limit
from headrace_service.ledger.models import EDITED, NO_ID, Event, FlowRun, Slot, Waiter
from headrace_service.ledger.queries import concurrency as queries
from headrace_service.ledger.queries.blocked import blocked_by
from headrace_service.ledger.run_limits import FOR_EVER, Place
from headrace_service.ledger.run_lines import Share, Shut
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.state_changes import change_flow_run, state_of_flow_run
from headrace_service.ledger.steering import retry
from headrace_service.ledger.work_pools import (
    NewWorkPool,
    WorkerCall,
    create_work_pool,
    delete_work_pool,
    keep_worker,
    work_pool,
)
from headrace_service.ledger.work_queues import QueueChange, apply_work_queue
from headrace_service.rules import Actor
from headrace_service.schedules import ScheduleSpec

SECOND = 1_000_000
HOLDER = SlotHolder("mill", 7)

T = TypeVar("T")


class Yard:
    """A pool, a worker of it, and deployments whose runs it takes."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.now = now_micros()
        pool = ledger.write(create_work_pool, NewWorkPool("pool")).result()
        self.worker = uuids.uuid7()
        ledger.write(keep_worker, WorkerCall(self.worker, "w", "pool", "mill", 11, 60)).result()
        self._claimant = Claimant(self.worker, pool.id, limit=10)

    def deploy(self, name: str = "daily", **given: Any) -> None:
        """A deployment whose runs wait in the pool."""
        wanted = DeploymentInput("etl", name, work_pool="pool", **given)
        self.ledger.write(apply_deployment, wanted).result()

    def limit(self, name: str, slots: int, **more: Any) -> None:
        """A limit."""
        self.ledger.write(create_limit, name, LimitValues(slots, **more), self.now).result()

    def ask(self, tenant: str = "", name: str = "daily", **given: Any) -> UUID:
        """A run that is due now."""
        parameters = {"tenant": tenant}
        wanted = RunRequest(f"etl/{name}", parameters, scheduled_time=self.now, **given)
        self.now += SECOND // 1000
        return self.ledger.write(create_run, wanted).result()

    def claim(self) -> list[UUID]:
        """The runs that the worker is given."""
        return self.ledger.write(self.claim_in).result()

    def claim_in(self, db: peewee.Database) -> list[UUID]:
        """The runs that the worker is given, in a transaction."""
        return [each.flow_run_id for each in claim(db, self._claimant, now_micros())]

    def end(self, run_id: UUID) -> None:
        """Let a run complete."""
        for kind in (StateType.RUNNING, StateType.COMPLETED):
            name, actor = kind.value.capitalize(), Actor.FORCE
            self.ledger.write(change_flow_run, run_id, kind, name, actor).result()

    def events(self, run_id: UUID) -> list[str]:
        """What has happened to a run, by kind."""
        query = Event.select(Event.kind).where(Event.subject_id == run_id).order_by(Event.seq)
        return [kind for (kind,) in self.ledger.read(query.tuples().execute).result()]

    def state(self, run_id: UUID) -> str:
        """The name of a run's state."""
        state = self.ledger.read(state_of_flow_run, run_id).result()
        assert state is not None
        return state.name

    def held(self, name: str) -> list[UUID | None]:
        """The runs that hold slots of a limit."""
        return self._claims(name, queries.holders)

    def length(self, name: str) -> int | None:
        """For how long the one slot of a limit is taken; None for as long as its run goes on."""
        limit = self.ledger.read(queries.limit_by_name, name).result()
        assert limit is not None
        query = Slot.select(Slot.since, Slot.until).where(Slot.limit_id == limit.id).tuples()
        ((since, until),) = self.ledger.read(lambda db: list(query.execute(db))).result()
        return None if until == FOR_EVER else until - since

    def waiting(self, name: str) -> list[UUID | None]:
        """The runs that wait for slots of a limit, the next first."""
        return self._claims(name, queries.waiters)

    def _claims(self, name: str, which: Any) -> list[UUID | None]:
        limit = self.ledger.read(queries.limit_by_name, name).result()
        assert limit is not None
        (rows,) = self.ledger.read(which, [limit.id]).result()
        return [row.holder.flow_run_id for row in rows]

    def take(self, name: str, wait: bool = True) -> tuple[UUID, bool]:
        """Ask for a slot as a block of code does; its lease, and whether it got it."""
        request = SlotRequest(uuids.uuid7(), [name], HOLDER, wait=wait)
        outcome = self.ledger.write(concurrency.acquire, request, now_micros()).result()
        return request.lease_id, outcome.answer.granted

    def give_back(self, lease_id: UUID) -> list[UUID]:
        """Release a lease; who gets slots by it."""
        outcome = self.ledger.write(concurrency.release, [lease_id], now_micros()).result()
        return list(outcome.granted)


@pytest.fixture
def yard(ledger: Ledger) -> Yard:
    return Yard(ledger)


@pytest.mark.parametrize(
    "limit", ["deployment:etl/daily", "work-pool:pool", "work-queue:pool/default", "db"]
)
def test_runs_hold_slots_of_the_limits_of_what_they_belong_to(yard: Yard, limit: str) -> None:
    yard.deploy(limits=["db"])
    yard.limit(limit, 1)
    first, second = yard.ask(), yard.ask()
    assert yard.claim() == [first]
    assert (yard.held(limit), yard.waiting(limit)) == ([first], [second])
    assert yard.claim() == []
    yard.end(first)
    assert yard.claim() == [second]
    yard.end(second)
    assert (yard.held(limit), yard.waiting(limit)) == ([], [])


def test_a_deployments_limit_is_one_of_the_limits(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1)
    name = "deployment:etl/daily"
    yard.ledger.write(update_limit, name, LimitValues(3), yard.now).result()
    assert yard.ledger.read(deployment, "etl/daily").result().concurrency_limit == 3
    yard.deploy(concurrency_limit=2)
    limit = yard.ledger.read(queries.limit_by_name, name).result()
    assert limit is not None
    assert limit.slots == 2
    yard.deploy()
    assert yard.ledger.read(queries.limit_by_name, name).result() is None


def test_limits_end_with_what_they_are_of(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1)
    yard.ledger.write(create_work_pool, NewWorkPool("small", concurrency_limit=2)).result()
    assert yard.ledger.read(work_pool, "small").result().concurrency_limit == 2
    yard.ledger.write(delete_work_pool, "small").result()
    yard.ledger.write(delete_deployment, "etl/daily").result()
    assert yard.ledger.read(queries.limit_by_name, "work-pool:small").result() is None
    assert yard.ledger.read(queries.limit_by_name, "deployment:etl/daily").result() is None


def test_blocks_and_runs_stand_in_one_line(yard: Yard) -> None:
    yard.limit("db", 1)
    yard.deploy(limits=["db"])
    block, granted = yard.take("db")
    assert granted
    run = yard.ask()
    assert yard.claim() == []
    later, granted = yard.take("db")
    assert not granted
    assert yard.waiting("db") == [run, None]
    assert yard.give_back(block) == [run]
    assert yard.events(run)[-1] == EDITED  # so that workers hear of it at once
    assert yard.claim() == [run]
    yard.end(run)
    assert yard.held("db") == [None]
    assert yard.give_back(later) == []


def test_the_slots_of_a_rate_come_back_in_time_and_not_with_the_runs_end(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1, limits=["rate"])
    yard.limit("rate", 1, decay=0.001)
    first, second = yard.ask(), yard.ask()
    assert yard.claim() == [first]
    assert (yard.length("rate"), yard.length("deployment:etl/daily")) == (1000 * SECOND, None)
    yard.end(first)
    assert yard.length("rate") == 1000 * SECOND
    assert yard.claim() == []
    assert yard.waiting("rate") == [second]


def test_what_is_held_of_a_limit_that_becomes_a_rate_drains(yard: Yard) -> None:
    yard.deploy(limits=["calls"])
    yard.limit("calls", 1)
    run = yard.ask()
    assert yard.claim() == [run]
    assert yard.length("calls") is None
    change = LimitValues(decay=0.001)
    yard.ledger.write(update_limit, "calls", change, now_micros()).result()
    assert yard.length("calls") == 1000 * SECOND
    yard.end(run)
    assert yard.length("calls") == 1000 * SECOND


def test_a_run_that_is_claimed_again_takes_all_its_slots_again(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1, limits=["rate"])
    yard.limit("rate", 2, decay=0.001)
    run = yard.ask()
    assert yard.claim() == [run]
    yard.ledger.write(release, [yard.worker]).result()
    assert yard.held("deployment:etl/daily") == []
    assert yard.claim() == [run]
    assert yard.held("deployment:etl/daily") == [run]
    assert yard.held("rate") == [run, run]


def test_a_run_that_is_given_back_gives_its_slots_back(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1)
    run = yard.ask()
    assert yard.claim() == [run]
    assert yard.ledger.write(release, [yard.worker]).result() == [run]
    assert yard.held("deployment:etl/daily") == []
    assert yard.claim() == [run]
    assert yard.ledger.write(release, [yard.worker]).result() == [run]
    yard.ledger.write(begin_deletion, run).result()
    assert yard.held("deployment:etl/daily") == []


def test_each_key_has_its_share_and_they_take_turns(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1, limit_key="{parameters.tenant}")
    mine = [yard.ask("mill") for _ in range(3)]
    others = [yard.ask("forge") for _ in range(2)]
    assert yard.claim() == [mine[0], others[0]]
    yard.end(mine[0])
    assert yard.claim() == [mine[1]]


def test_tenants_take_turns_where_all_of_them_share_a_total(yard: Yard) -> None:
    yard.deploy(limits=["all"], limit_key="{parameters.tenant}")
    yard.limit("all", 1, total=1)
    mine = [yard.ask("mill") for _ in range(3)]
    others = [yard.ask("forge") for _ in range(2)]
    order = []
    for _ in range(5):
        (run,) = yard.claim()
        order.append(run)
        yard.end(run)
    # The first found nobody in line; from then on the two lines take turns.
    assert order == [mine[0], mine[1], others[0], mine[2], others[1]]


@pytest.mark.parametrize("limit", ["work-pool:pool", "work-queue:pool/default"])
def test_tenants_share_the_slots_of_a_pool_or_a_queue_and_take_turns(
    yard: Yard, limit: str
) -> None:
    yard.deploy(limit_key="{parameters.tenant}")
    yard.limit(limit, 2)
    mine = [yard.ask("mill") for _ in range(4)]
    (other,) = [yard.ask("forge")]
    assert yard.claim() == mine[:2]
    assert yard.claim() == []
    (blockers,) = yard.ledger.read(blocked_by, [other]).result()
    assert [blocker.held_by for blocker in blockers] == [mine[:2]]
    yard.end(mine[0])
    yard.end(mine[1])
    assert set(yard.claim()) == {mine[2], other}


def test_what_holds_back_a_run_is_held_with_its_own_key(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1, limit_key="{parameters.tenant}")
    mine, other, waits = yard.ask("mill"), yard.ask("forge"), yard.ask("mill")
    assert yard.claim() == [mine, other]
    (blockers,) = yard.ledger.read(blocked_by, [waits]).result()
    assert [blocker.held_by for blocker in blockers] == [[mine]]


def test_full_keys_cost_nobody_statements(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        yard = Yard(ledger)
        yard.deploy(concurrency_limit=1, limit_key="{tenant}")
        costs, keys = [], 0
        for _ in range(3):
            for _ in range(20):
                yard.ask(f"{keys}")
                yard.ask(f"{keys}")
                keys += 1
            begun = []
            while more := yard.claim():
                begun += more
            costs.append(ledger.write(statements_of, claim, yard._claimant).result())
            costs[-1] += ledger.write(statements_of, concurrency.release, begun[-1:]).result()
        assert len(set(costs)) == 1


def statements_of(db: peewee.Database, verb: Any, what: Any) -> int:
    """How many statements SQLite runs for a verb."""
    seen: list[str] = []
    connection = db.connection()
    connection.set_trace_callback(seen.append)
    verb(db, what, now_micros())
    connection.set_trace_callback(None)
    return len(seen)


def test_a_run_keeps_its_place_in_line_for_as_long_as_workers_ask(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1)
    yard.ask()
    assert len(yard.claim()) == 1
    yard.ask()
    begin = now_micros()
    for moment in range(0, 60, 6):
        now = begin + moment * SECOND
        assert yard.ledger.write(claim, yard._claimant, now).result() == []
    query = Waiter.select(Waiter.since, Waiter.until).tuples()
    ((since, until),) = yard.ledger.read(lambda db: list(query.execute(db))).result()
    assert since <= begin + SECOND
    assert until > begin + 60 * SECOND


def test_a_run_of_another_queue_is_not_behind_one_that_waits_for_its_queue(yard: Yard) -> None:
    yard.deploy()
    yard.limit("work-queue:pool/default", 1)
    yard.ask()
    assert len(yard.claim()) == 1
    waits = yard.ask()
    assert yard.claim() == []
    yard.ledger.write(apply_work_queue, QueueChange("pool", "urgent")).result()
    other = yard.ask(work_queue="urgent")
    assert yard.claim() == [other]
    assert yard.waiting("work-queue:pool/default") == [waits]


def test_however_many_are_turned_away_the_others_are_found(yard: Yard) -> None:
    shut = Shut(now_micros())
    for number in range(2_000):
        share = Share(number.to_bytes(16), NO_ID, f"{number}")
        for place in (Place.NONE, Place.CLOSED):
            shut.note(share, place, waits=number % 2 == 0)
    yard.deploy()
    run = yard.ask()
    others = shut.others(FlowRun.select(FlowRun.id)).tuples()
    assert yard.ledger.read(lambda db: list(others.execute(db))).result() == [(run,)]


def test_however_many_have_no_place_a_claim_comes_to_its_end(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_service.ledger.run_lines.MOST", 3)
    yard.limit("shut", 0)
    yard.deploy("unwanted", limits=["shut"], collision_strategy="CANCEL_NEW", limit_key="{tenant}")
    for number in range(6):
        yard.deploy(f"closed-{number}", limits=["shut"])
    held_back = [yard.ask(name=f"closed-{number}") for number in range(6)]
    unwanted = [yard.ask(f"{number}", "unwanted") for number in range(4)]
    yard.limit("one", 1)
    yard.deploy("single", limits=["one"], collision_strategy="CANCEL_NEW", limit_key="{tenant}")
    firsts = [yard.ask(f"{number}", "single") for number in range(4)]
    seconds = [yard.ask(f"{number}", "single") for number in range(4)]
    yard.deploy()
    run = yard.ask()
    given, values = yard.ledger.write(most_values_of, yard.claim_in).result()
    assert given == [*firsts, run]
    assert values < 30  # some 20 with three passed over at a time, and 47 with all
    names = {yard.state(each) for each in held_back}, {yard.state(each) for each in unwanted}
    assert names == ({"AwaitingConcurrencySlot"}, {"Cancelled"})
    assert {yard.state(each) for each in seconds} == {"Cancelled"}


def most_values_of(db: peewee.Database, verb: Callable[[peewee.Database], T]) -> tuple[T, int]:
    """What a verb answers, and how many values the largest of its statements takes."""
    seen: list[int] = []
    execute: Any = db.execute_sql

    def counting(sql: str, values: Any = None) -> Any:
        seen.append(len(values or ()))
        return execute(sql, values)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(db, "execute_sql", counting)
        return verb(db), max(seen)


def test_keys_beyond_those_that_can_be_served_wait_for_a_place_in_line(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_service.ledger.desk.JOINING", 1)
    yard.limit("work-pool:pool", 1)
    yard.deploy(limit_key="{tenant}")
    many = [yard.ask("mill") for _ in range(12)]
    few = [yard.ask(f"{number}") for number in range(5)]
    assert yard.claim() == many[:1]
    assert yard.waiting("work-pool:pool") == [many[1], few[0]]
    assert {yard.state(each) for each in few} == {"AwaitingConcurrencySlot"}
    (blockers,) = yard.ledger.read(blocked_by, [few[-1]]).result()
    assert [blocker.held_by for blocker in blockers] == [many[:1]]
    order = many[:1]
    while order[-1] != few[-1]:
        yard.end(order[-1])
        order += yard.claim()
    # Whoever has many takes one of the two places that there are each time, and the others the
    # other one.
    assert [run for run in order if run in few] == few
    assert len(order) <= 12


def test_who_has_got_a_slot_is_not_among_those_that_wait_for_a_place_in_line(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_service.ledger.desk.JOINING", 1)
    yard.limit("work-pool:pool", 1)
    yard.deploy(limit_key="{tenant}")
    first, second = yard.ask("first"), yard.ask("second")
    assert yard.claim() == [first]
    for number in range(12):
        yard.ask(f"{number}", priority=60)
    yard.end(first)
    assert yard.claim() == [second]


def test_a_run_with_priority_goes_before_those_that_were_due_a_little_earlier(yard: Yard) -> None:
    yard.deploy(concurrency_limit=1)
    first, second, urgent = yard.ask(), yard.ask(), yard.ask(priority=60)
    assert yard.claim() == [urgent]
    yard.end(urgent)
    assert yard.claim() == [first]
    yard.end(first)
    assert yard.claim() == [second]


def test_a_template_that_names_no_parameter_is_refused(yard: Yard) -> None:
    yard.deploy(limit_key="{parameters.customer}")
    with pytest.raises(InvalidInput, match="no parameter 'customer'; there are: tenant"):
        yard.ask("mill")


def test_a_schedule_that_gives_no_parameter_for_the_key_is_refused(yard: Yard) -> None:
    spec = ScheduleSpec(cron="0 8 * * *")
    with pytest.raises(InvalidInput, match="no parameter 'customer'; there are: none"):
        yard.deploy(limit_key="{customer}", schedules=[ScheduleInput(spec)])
    given = ScheduleInput(spec, parameters={"customer": "mill"})
    yard.deploy(limit_key="{customer}", schedules=[given])


def test_a_parameter_that_is_not_given_has_its_default_in_the_key(yard: Yard) -> None:
    schema = {"properties": {"tenant": {}, "region": {"type": "string", "default": "north"}}}
    spec = ScheduleInput(ScheduleSpec(cron="0 8 * * *"))
    key = "{tenant}-{region}"
    with pytest.raises(InvalidInput, match="no parameter 'tenant'; there are: region"):
        yard.deploy(limit_key=key, parameter_schema=schema, schedules=[spec])
    yard.deploy(limit_key=key, parameter_schema=schema)
    yard.ask("mill")
    query = FlowRun.select(FlowRun.limit_key).tuples()
    assert yard.ledger.read(lambda db: list(query.execute(db))).result() == [("mill-north",)]


def test_a_singleton_has_one_run_of_each_key(yard: Yard) -> None:
    yard.deploy(singleton=True, limit_key="{tenant}")
    run, other = yard.ask("mill"), yard.ask("forge")
    assert run != other
    assert yard.ask("mill") == run
    assert yard.claim() == [run, other]
    assert yard.ask("mill") == run
    yard.end(run)
    assert yard.ask("mill") not in (run, other)


def test_debouncing_puts_a_run_off_and_gives_it_the_latest_parameters(yard: Yard) -> None:
    yard.deploy(debounce_seconds=60.0)
    run = yard.ask("mill")
    assert yard.ask("forge") == run
    assert yard.claim() == []  # it is due in a minute
    yard.deploy(debounce_seconds=0.000001)
    assert yard.ask("last") == run
    (taken,) = yard.ledger.write(
        claim, Claimant(yard.worker, yard._claimant.pool_id), now_micros() + SECOND
    ).result()
    assert (taken.flow_run_id, taken.parameters) == (run, '{"tenant":"last"}')
    assert yard.ask("next") != run


def test_what_is_merged_under_a_key_is_so_once(yard: Yard) -> None:
    yard.deploy(singleton=True)
    run = yard.ask()
    assert yard.ask(idempotency_key="k") == run
    assert yard.claim() == [run]
    yard.end(run)
    assert yard.ask(idempotency_key="k") == run  # the answer was lost, and is asked for again
    assert yard.ask(idempotency_key="other") != run


def test_debouncing_is_told_in_the_event_log(yard: Yard) -> None:
    yard.deploy(debounce_seconds=60.0)
    run = yard.ask()
    yard.ask("mill")
    assert yard.events(run) == ["flow_run", EDITED]


def test_debouncing_leaves_a_run_alone_that_is_to_be_tried_again(yard: Yard) -> None:
    yard.deploy(debounce_seconds=0.000001)
    run = yard.ask("mill")
    assert yard.claim() == [run]
    for kind in (StateType.RUNNING, StateType.FAILED):
        name, actor = kind.value.capitalize(), Actor.FORCE
        yard.ledger.write(change_flow_run, run, kind, name, actor).result()
    yard.ledger.write(retry, run).result()
    assert yard.ask("forge") != run


def test_a_limit_of_none_holds_runs_back_until_it_is_raised(yard: Yard) -> None:
    yard.deploy(concurrency_limit=0)
    run = yard.ask()
    assert yard.claim() == []
    assert yard.state(run) == "AwaitingConcurrencySlot"
    limit = "deployment:etl/daily"
    yard.ledger.write(update_limit, limit, LimitValues(1), yard.now).result()
    assert yard.claim() == [run]
