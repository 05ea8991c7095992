"""Automations at work: on both databases, by a clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import peewee
import pytest
import uuid_utils.compat as uuids

from headrace.records import EventEmitted, FlowRunCreated, Record
from headrace_service.ledger import Ledger
from headrace_service.ledger.automation_firing import GRACE, cursor, look, take
from headrace_service.ledger.automations import (
    AutomationRow,
    AutomationWhere,
    NewAutomation,
    automation_by_id,
    create_automation,
    delete_automation,
    page_of_automations,
    set_automation_enabled,
    set_owned,
    update_automation,
)
from headrace_service.ledger.deployments import (
    DeploymentInput,
    apply_deployment,
    delete_deployment,
    deployment,
)
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.models import (
    Automation,
    Deployment,
    FlowRun,
    TriggerCount,
    TriggerFiring,
)
from headrace_service.ledger.queries.custom_events import CustomEventRow, page_of_events
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.work_pools import NewWorkPool, create_work_pool, work_pool
from headrace_service.loops.automations import LOOK_AGAIN, PAUSE, TOGETHER, Automations
from tests.builders import EPOCH, Stream, enters, flow_run, state, task_run

SECOND = 1_000_000
NOTHING = [{"type": "do-nothing"}]


class SetClock:
    """A clock that stands until somebody sets it."""

    def __init__(self) -> None:
        self.time = EPOCH

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Watched:
    """A ledger with a loop of automations, and what can be asked of both."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.clock = SetClock()
        self.loop = Automations(lambda: ledger, self.clock)
        self.stream = Stream()

    def automate(self, trigger: Any, actions: Sequence[Any] = (), **more: Any) -> UUID:
        """An automation; it does nothing unless told."""
        wanted = NewAutomation("watch", trigger, list(actions) or NOTHING, **more)
        return self.ledger.write(create_automation, wanted).result().id

    def record(self, *records: Record) -> None:
        self.ledger.append(self.stream.batch(*records)).result()

    def emit(self, name: str, second: float = 0, run: UUID | None = None, **labels: str) -> None:
        """An event of a user's program, so many seconds after the beginning."""
        about = {"headrace.resource.id": "order.1", **labels}
        at = EPOCH + round(second * SECOND)
        self.record(EventEmitted(uuids.uuid7(), at, name, about, [], {"n": 7}, run))

    def step(self, second: float = 0) -> float:
        self.clock.time = EPOCH + round(second * SECOND)
        return asyncio.run(self.loop.step())

    def told(self, what: str) -> list[CustomEventRow]:
        """What automations told of themselves, the oldest first."""
        page = self.ledger.read(page_of_events, Page(200), f"headrace.automation.{what}", None)
        return page.result().rows[::-1]

    def fired(self) -> int:
        return len(self.told("triggered"))

    def reasons(self) -> list[str]:
        return [str(row.payload.payload["reason"]) for row in self.told("action.failed")]

    def runs(self) -> list[tuple[str, dict[str, Any]]]:
        """The runs of deployments: their states and parameters."""
        query = FlowRun.select(FlowRun.state_name, FlowRun.parameters).where(
            FlowRun.deployment_id.is_null(False)
        )
        rows = self.ledger.read(lambda db: list(query.order_by(FlowRun.id).tuples().execute(db)))
        return [(name, msgspec.json.decode(text)) for name, text in rows.result()]

    def row(self, key: UUID) -> AutomationRow:
        row = self.ledger.read(automation_by_id, key).result()
        assert row is not None
        return row


@pytest.fixture
def watched(ledger: Ledger) -> Watched:
    return Watched(ledger)


def deploy(ledger: Ledger, name: str = "clean") -> UUID:
    return ledger.write(apply_deployment, DeploymentInput("tidy", name)).result().id


def fail(watched: Watched, run: FlowRunCreated | None = None) -> FlowRunCreated:
    run = run or flow_run("etl", "calm-heron")
    watched.record(run, enters(run, state("FAILED", message="no disk")))
    return run


def event(**more: Any) -> dict[str, Any]:
    return {"type": "event", **more}


# -- what acts, and once ----------------------------------------------------------------------


def test_a_failed_flow_runs_a_deployment_that_is_told_of_it(watched: Watched) -> None:
    cleaner = deploy(watched.ledger)
    parameters = {
        "run": "{{ flow_run.name }}",
        "flow": "{{ flow.name }}",
        "why": "{{ event.resource['headrace.state-message'] }}",
        "state": "{{ flow_run.state.type }}",
    }
    action = {"type": "run-deployment", "deployment_id": str(cleaner), "parameters": parameters}
    watched.automate(event(expect=["headrace.flow-run.Failed"]), [action])
    fine = flow_run()
    watched.record(fine, enters(fine, state("COMPLETED")))
    watched.step()
    assert watched.runs() == []
    fail(watched)
    watched.step()
    told = {"run": "calm-heron", "flow": "etl", "why": "no disk", "state": "FAILED"}
    assert watched.runs() == [("Scheduled", told)]
    (done,) = watched.told("action.executed")
    assert done.payload.payload == {"action_index": 0, "action_type": "run-deployment"}
    assert [one["headrace.resource.role"] for one in done.payload.related] == [
        "triggering-event",
        "target",
    ]


def test_an_event_acts_once_whoever_looks_and_however_often(watched: Watched) -> None:
    watched.automate(event(expect=["order.*"]))
    watched.emit("order.shipped")
    other = Automations(lambda: watched.ledger, watched.clock)
    watched.step()
    asyncio.run(other.step())  # one that began anew, and one in another process
    watched.step()
    assert watched.fired() == 1


def test_two_that_saw_the_same_event_act_once(watched: Watched) -> None:
    watched.automate(event(expect=["order.*"]))
    watched.emit("order.shipped")
    seen = watched.ledger.read(look, 0).result()
    assert seen is not None
    assert [one.name for one in seen.events] == ["order.shipped"]
    taken = [watched.ledger.write(take, seen.events, seen.upto, EPOCH).result() for _ in range(2)]
    assert taken == [1, 0]
    assert watched.ledger.read(cursor).result() == seen.upto


def test_what_was_before_an_automation_is_none_of_its_business(watched: Watched) -> None:
    watched.emit("order.shipped")
    key = watched.automate(event(expect=["order.*"]))
    watched.step()
    watched.ledger.write(set_automation_enabled, key, False).result()
    watched.emit("order.shipped")
    assert watched.step() == LOOK_AGAIN
    watched.ledger.write(set_automation_enabled, key, True).result()
    assert watched.step() == PAUSE
    assert watched.fired() == 0
    watched.emit("order.shipped")
    watched.step(3)
    assert watched.fired() == 1
    assert watched.row(key).fired_at == EPOCH + 3 * SECOND


def test_what_automations_tell_of_themselves_sets_none_off(watched: Watched) -> None:
    watched.automate(event())
    watched.emit("anything")
    for _ in range(3):
        watched.step()
    assert watched.fired() == 1


def test_many_events_are_looked_at_in_turn(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("occurrences", "automation_firing"):
        monkeypatch.setattr(f"headrace_service.ledger.{module}.MANY", 3)
    watched.automate(event(expect=["order.shipped"]))
    for name in ("order.shipped", *["other"] * 7, "order.shipped"):
        watched.emit(name)
    watched.step()
    assert watched.fired() == 2


# -- what is matched --------------------------------------------------------------------------


def test_states_of_task_runs_are_events_too(watched: Watched) -> None:
    related = {"headrace.resource.id": "headrace.flow-run.*", "headrace.resource.name": "calm-*"}
    watched.automate(event(expect=["headrace.task-run.Failed"], match_related=related))
    run = flow_run("etl", "calm-heron")
    task = task_run(run)
    watched.record(run, task, enters(task, state("FAILED")))
    watched.step()
    (fired,) = watched.told("triggered")
    assert fired.payload.related[0]["headrace.resource.name"] == "headrace.task-run.Failed"


def test_runs_are_known_by_their_flow_and_tags(watched: Watched) -> None:
    flow = {"headrace.resource.role": "flow", "headrace.resource.name": "etl"}
    tag = {"headrace.resource.id": "headrace.tag.nightly"}
    watched.automate(event(expect=["headrace.flow-run.Failed"], match_related=[flow, tag]))
    fail(watched, flow_run("other"))
    fail(watched, flow_run("etl"))
    watched.step()
    assert watched.fired() == 0
    fail(watched, msgspec.structs.replace(flow_run("etl"), tags=["nightly"]))
    watched.step()
    assert watched.fired() == 1


def test_an_event_that_a_run_emits_is_related_to_it(watched: Watched) -> None:
    action = {"type": "cancel-flow-run"}
    watched.automate(event(expect=["disk.full"]), [action])
    run = flow_run()
    watched.record(run)
    watched.emit("disk.full", run=run.id)
    watched.step()
    names = watched.ledger.read(lambda db: FlowRun.select(FlowRun.state_name).scalar(db))
    assert names.result() == "Cancelling"


def test_each_value_of_a_label_is_counted_by_itself(watched: Watched) -> None:
    watched.automate(event(expect=["sold"], for_each=["region"], threshold=2))
    for region in ("north", "south", "north"):
        watched.emit("sold", region=region)
    watched.step()
    assert watched.fired() == 1


# -- time -------------------------------------------------------------------------------------


def test_what_does_not_happen_in_time_is_noticed(watched: Watched) -> None:
    name = "headrace.flow-run"
    trigger = event(
        after=[f"{name}.Running"],
        expect=[f"{name}.Completed"],
        for_each=["headrace.resource.id"],
        posture="Proactive",
        within=60,
    )
    watched.automate(trigger, [{"type": "cancel-flow-run"}])
    slow, quick = flow_run(), flow_run()
    watched.record(slow, quick, enters(quick, state("COMPLETED", at=EPOCH + 5 * SECOND)))
    watched.step(59)
    assert watched.fired() == 0
    watched.step(60 + GRACE / SECOND)
    assert watched.fired() == 1
    query = FlowRun.select(FlowRun.state_name).order_by(FlowRun.id).tuples()
    states = watched.ledger.read(lambda db: list(query.execute(db))).result()
    assert sorted(name for (name,) in states) == ["Cancelling", "Completed"]


def test_silence_is_noticed_each_time_it_lasts_too_long(watched: Watched) -> None:
    watched.automate(event(expect=["beat"], posture="Proactive", within=10))
    watched.step(0)
    watched.emit("beat", 5)
    watched.step(12)
    assert watched.fired() == 0
    watched.step(30)
    assert watched.fired() == 1
    watched.step(35)
    assert watched.fired() == 1


# -- triggers of triggers ---------------------------------------------------------------------


def test_all_of_several_have_to_fire(watched: Watched) -> None:
    parts = [event(expect=["a"]), event(expect=["b"])]
    watched.automate({"type": "compound", "require": "all", "triggers": parts, "within": 60})
    watched.emit("a", 0)
    watched.emit("b", 100)  # too late for the first
    watched.step()
    assert watched.fired() == 0
    watched.emit("a", 110)
    watched.step()
    assert watched.fired() == 1
    count = watched.ledger.read(lambda db: TriggerFiring.select().count(db)).result()
    assert count == 0


def test_parts_fire_in_order_within_others(watched: Watched) -> None:
    sequence = {"type": "sequence", "triggers": [event(expect=["a"]), event(expect=["b"])]}
    watched.automate({"type": "compound", "require": "any", "triggers": [sequence]})
    for second, name in enumerate("ba"):
        watched.emit(name, second)
    watched.step()
    assert watched.fired() == 0
    watched.emit("b", 3)
    watched.step()
    assert watched.fired() == 1


# -- what is done -----------------------------------------------------------------------------


def test_an_action_that_cannot_be_done_is_told_and_the_rest_is_done(watched: Watched) -> None:
    other = deploy(watched.ledger)
    actions = [
        {"type": "cancel-flow-run"},
        {"type": "run-deployment", "deployment_id": str(uuids.uuid7())},
        {"type": "pause-deployment", "deployment_id": str(other)},
    ]
    watched.automate(event(expect=["a"]), actions)
    watched.emit("a")
    watched.step()
    about_none, unknown = watched.reasons()
    assert about_none == "the event 'a' is about no flow run"
    assert unknown.startswith("there is no deployment")
    assert watched.ledger.read(deployment, other).result().paused


def test_an_action_that_nobody_foresaw_to_fail_stops_no_other(watched: Watched) -> None:
    damaged, sound = deploy(watched.ledger, "damaged"), deploy(watched.ledger)
    damage = Deployment.update({Deployment.parameters: "{"}).where(Deployment.id == damaged)
    watched.ledger.write(lambda db: damage.execute(db)).result()
    for key in (damaged, sound):
        action = {"type": "run-deployment", "deployment_id": str(key)}
        watched.automate(event(expect=["go"]), [action])
    watched.emit("go")
    watched.step()
    assert watched.reasons() == ["something went wrong inside the service: DecodeError"]
    assert len(watched.runs()) == 1


def test_pools_rest_and_states_change_and_runs_go(watched: Watched) -> None:
    pool = watched.ledger.write(create_work_pool, NewWorkPool("pool")).result()
    watched.automate(
        event(expect=["headrace.flow-run.Failed"]),
        [{"type": "pause-work-pool", "work_pool_id": str(pool.id)}, {"type": "delete-flow-run"}],
    )
    changed = {"type": "change-flow-run-state", "state": "FAILED", "name": "Broken"}
    watched.automate(event(expect=["headrace.flow-run.Running"]), [changed])
    run = flow_run()
    watched.record(run)
    watched.step()
    assert (
        watched.ledger.read(lambda db: FlowRun.select(FlowRun.state_name).scalar(db)).result()
        == "Broken"
    )
    fail(watched)
    watched.step()
    assert watched.ledger.read(work_pool, "pool").result().paused
    assert watched.ledger.read(lambda db: FlowRun.select().count(db)).result() == 1


def test_an_automation_may_act_once_and_rest(watched: Watched) -> None:
    key = watched.automate(
        event(expect=["a"]), [{"type": "pause-automation", "source": "inferred"}]
    )
    watched.emit("a")
    watched.emit("a")
    watched.step()
    assert watched.fired() == 1
    assert not watched.row(key).enabled


# -- making and changing ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trigger", "actions", "field"),
    [
        ({"type": "metric"}, NOTHING, "trigger.type"),
        ({"type": "psychic"}, NOTHING, "trigger.type"),
        (event(threshold="many"), NOTHING, "trigger.threshold"),
        (event(posture="Proactive", within=9), NOTHING, "trigger.within"),
        ({"type": "compound", "require": 2, "triggers": [event()]}, NOTHING, "trigger.require"),
        ({"type": "sequence", "triggers": []}, NOTHING, "trigger.triggers"),
        (event(), [{"type": "send-notification"}], "actions[0].type"),
        (event(), [{"type": "run-deployment"}], "actions[0].deployment_id"),
        (event(), [*NOTHING, {"type": "change-flow-run-state"}], "actions[1]"),
        (event(), NOTHING * 21, "actions"),
        (
            event(),
            [{"type": "run-deployment", "source": "inferred", "parameters": {"a": "{{ 1 + 1 }}"}}],
            "actions[0].parameters",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    watched: Watched, trigger: Any, actions: list[Any], field: str
) -> None:
    wanted = NewAutomation("wrong", trigger, actions)
    with pytest.raises(InvalidInput) as raised:
        watched.ledger.write(create_automation, wanted).result()
    assert raised.value.field == field


def test_an_automation_is_changed_and_deleted(watched: Watched) -> None:
    key = watched.automate(event(expect=["a"], threshold=2))
    watched.emit("a")
    watched.step()
    other = NewAutomation("other", event(expect=["a"], threshold=2), NOTHING)
    assert watched.ledger.write(update_automation, key, other, 1).result().name == "other"
    with pytest.raises(Conflict, match="revision 2"):
        watched.ledger.write(update_automation, key, other, 1).result()
    watched.emit("a")
    watched.step()
    assert watched.fired() == 1  # its trigger is the same, and has gone on counting
    watched.ledger.write(delete_automation, key).result()
    for verb in (delete_automation, lambda db, key: set_automation_enabled(db, key, True)):
        with pytest.raises(NotFound):
            watched.ledger.write(verb, key).result()
    assert watched.ledger.read(lambda db: TriggerCount.select().count(db)).result() == 0


def test_a_deployments_automations_stay_while_they_are_the_same_and_go_with_it(
    watched: Watched,
) -> None:
    owner = f"headrace.deployment.{deploy(watched.ledger)}"
    one = NewAutomation("one", event(expect=["a"]), NOTHING)
    two = NewAutomation("two", event(expect=["b"]), NOTHING)
    first = [row.id for row in watched.ledger.write(set_owned, owner, [one, two]).result()]
    again = watched.ledger.write(set_owned, owner, [two, one]).result()
    assert [row.id for row in again] == first[::-1]
    assert len(watched.ledger.write(set_owned, owner, [one]).result()) == 1
    watched.ledger.write(delete_deployment, "tidy/clean").result()
    where = AutomationWhere(owner=owner)
    left = watched.ledger.read(page_of_automations, Page(10), where).result()
    assert left.rows == []


def test_an_automation_that_cannot_be_read_keeps_no_other_from_acting(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = watched.automate(event(expect=["order.paid"]))

    def spoil(db: peewee.Database) -> None:
        Automation.update({Automation.trigger: "{"}).where(Automation.id == spoilt).execute(db)

    watched.ledger.write(spoil).result()
    watched.automate(event(expect=["order.paid"]))
    for _ in range(2 * TOGETHER + 1):  # more than are taken at once
        watched.emit("order.paid")
    watched.step()
    assert watched.fired() == 2 * TOGETHER + 1
    assert f"the trigger of automation {spoilt} cannot be read" in caplog.text
