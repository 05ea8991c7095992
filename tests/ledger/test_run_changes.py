"""What programs do to runs by hand, and how they find them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuids

from headrace.records import FlowRunCreated, StateType
from headrace_service.ledger import Ledger
from headrace_service.ledger.deletion import begin_deletion, delete_flow_run
from headrace_service.ledger.errors import Conflict, NotFound
from headrace_service.ledger.models import DELETED, EDITED
from headrace_service.ledger.queries.counts import count_flow_runs
from headrace_service.ledger.queries.events import histories
from headrace_service.ledger.queries.flow_runs import FlowRunRow, FlowRunWhere, flow_runs_by_id
from headrace_service.ledger.queries.orders import RunOrder
from headrace_service.ledger.queries.search import (
    search_flow_runs,
    search_task_runs,
)
from headrace_service.ledger.queries.task_runs import TaskRunWhere, task_runs_by_id
from headrace_service.ledger.run_changes import (
    FlowRunChanges,
    NewState,
    create_flow_run,
    set_flow_run_state,
    set_task_run_state,
    update_flow_run,
)
from headrace_service.ledger.tail import EVENTS, EventRow
from tests.builders import EPOCH, Stream, enters, flow_run, log_line, state, task_run


def found(ledger: Ledger, run_id: UUID) -> FlowRunRow | None:
    (row,) = ledger.read(flow_runs_by_id, [run_id]).result()
    return row


def enter(ledger: Ledger, run_id: UUID, kind: str, *, force: bool = False) -> None:
    new = NewState(StateType(kind), kind.capitalize(), None, force)
    ledger.write(set_flow_run_state, run_id, new).result()


@pytest.fixture
def made(ledger: Ledger) -> FlowRunCreated:
    run = FlowRunCreated(uuids.uuid7(), "by-hand", "first", state("PENDING", run_count=0))
    assert ledger.write(create_flow_run, run).result() == run.id
    return run


def test_a_run_is_carried_out_by_hand(ledger: Ledger, made: FlowRunCreated) -> None:
    with pytest.raises(Conflict):
        ledger.write(create_flow_run, made).result()
    for kind in ("SCHEDULED", "RUNNING", "COMPLETED"):
        enter(ledger, made.id, kind)
    row = found(ledger, made.id)
    assert row is not None
    assert (row.state_type, row.run_count, row.end_time is None) == ("COMPLETED", 1, False)
    (history,) = ledger.read(histories, [made.id]).result()
    names = [event.payload.type.value for event in history]
    assert names == ["PENDING", "SCHEDULED", "RUNNING", "COMPLETED"]


def test_an_end_is_final_unless_somebody_insists(ledger: Ledger, made: FlowRunCreated) -> None:
    enter(ledger, made.id, "FAILED")
    with pytest.raises(Conflict, match="final"):
        enter(ledger, made.id, "RUNNING")
    enter(ledger, made.id, "RUNNING", force=True)
    row = found(ledger, made.id)
    assert row is not None
    assert (row.state_type, row.end_time) == ("RUNNING", None)


def test_an_earlier_attempt_is_not_heard_after_a_new_one_began(ledger: Ledger) -> None:
    run, stream = flow_run(), Stream()
    ledger.append(stream.batch(run)).result()
    enter(ledger, run.id, "FAILED", force=True)
    enter(ledger, run.id, "RUNNING", force=True)
    ack = ledger.append(stream.batch(enters(run, state("COMPLETED")))).result()
    assert [refused.code for refused in ack.refused] == ["Conflict"]


def test_the_state_of_a_task_run_changes_its_flow_runs_counts(ledger: Ledger) -> None:
    run = flow_run()
    task = task_run(run)
    ledger.append(Stream().batch(run, task)).result()
    done = NewState(StateType.COMPLETED, "Completed")
    ledger.write(set_task_run_state, task.id, done).result()
    (row,) = ledger.read(task_runs_by_id, [task.id]).result()
    assert row is not None
    assert row.state_type == "COMPLETED"
    owner = found(ledger, run.id)
    assert owner is not None
    assert owner.task_run_counts == '{"COMPLETED":1}'


def test_a_run_is_renamed_and_tagged(ledger: Ledger, made: FlowRunCreated) -> None:
    ledger.write(update_flow_run, made.id, FlowRunChanges("other", ["a"])).result()
    ledger.write(update_flow_run, made.id, FlowRunChanges(parameters={"x": 1})).result()
    row = found(ledger, made.id)
    assert row is not None
    assert (row.name, row.tags, row.parameters) == ("other", '["a"]', '{"x":1}')


def test_a_deleted_run_leaves_nothing_behind(ledger: Ledger) -> None:
    run, child = flow_run(), flow_run()
    task, stream = task_run(run), Stream()
    ledger.append(stream.batch(run, task, child, log_line(run), log_line(child))).result()
    assert asyncio.run(delete_flow_run(ledger, run.id)) == run.id
    assert found(ledger, run.id) is None
    assert found(ledger, child.id) is not None
    assert ledger.read(task_runs_by_id, [task.id]).result() == [None]
    assert ledger.read(histories, [run.id, task.id]).result() == [[], []]
    ack = ledger.append(stream.batch(enters(run, state("COMPLETED")))).result()
    assert [refused.code for refused in ack.refused] == ["NotFound"]


def test_what_becomes_of_a_run_is_in_the_event_log(ledger: Ledger, made: FlowRunCreated) -> None:
    def told() -> list[str]:
        rows, _ = ledger.read(EVENTS.read, 0, 100, 1_000_000).result()
        states = [row for row in rows if isinstance(row, EventRow)]
        return [row.kind for row in states if row.subject_id == made.id]

    assert told() == ["flow_run"]
    ledger.write(update_flow_run, made.id, FlowRunChanges("other")).result()
    ledger.write(update_flow_run, made.id, FlowRunChanges()).result()  # changes nothing
    assert told() == ["flow_run", EDITED]
    (history,) = ledger.read(histories, [made.id]).result()
    assert len(history) == 1
    ledger.write(begin_deletion, made.id).result()
    assert told() == [DELETED]


def test_what_is_not_there_cannot_be_changed(ledger: Ledger) -> None:
    nobody = uuids.uuid7()
    running = NewState(StateType.RUNNING, "Running")
    for verb, *args in (
        (set_flow_run_state, nobody, running),
        (set_task_run_state, nobody, running),
        (update_flow_run, nobody, FlowRunChanges()),
        (begin_deletion, nobody),
    ):
        with pytest.raises(NotFound, match=str(nobody)):
            ledger.write(verb, *args).result()


class Scene:
    """Three runs of two flows with tags, times and tasks."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        minute = 60_000_000
        self.runs = [
            FlowRunCreated(
                uuids.uuid7(), flow, name, state("RUNNING", at=EPOCH + start * minute), tags=tags
            )
            for flow, name, start, tags in (
                ("etl", "b", 3, ["x", "y"]),
                ("etl", "a", 1, ["x"]),
                ("ml", "c", 2, []),
            )
        ]
        done = enters(self.runs[0], state("COMPLETED", "Cached", at=EPOCH + 5 * minute))
        failed = enters(self.runs[1], state("FAILED", "TimedOut", at=EPOCH + 2 * minute))
        self.tasks = [task_run(run, f"task-{run.name}") for run in self.runs]
        ledger.append(Stream().batch(*self.runs, *self.tasks, done, failed)).result()

    def names(self, order: RunOrder = RunOrder.NAME_ASC, **where: Any) -> str:
        rows = self.ledger.read(search_flow_runs, FlowRunWhere(**where), order, 200, 0).result()
        for up_to in (1, 2, 100):
            count = self.ledger.read(count_flow_runs, FlowRunWhere(**where), up_to).result()
            assert count == min(len(rows), up_to)
        return "".join(row.name for row in rows)


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    return Scene(ledger)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (RunOrder.NEWEST, "cab"),
        (RunOrder.NAME_ASC, "abc"),
        (RunOrder.NAME_DESC, "cba"),
        (RunOrder.START_TIME_ASC, "acb"),
        (RunOrder.START_TIME_DESC, "bca"),
        (RunOrder.DUE_TIME_ASC, "acb"),
        (RunOrder.END_TIME_DESC, "bac"),
        (RunOrder.DURATION_ASC, "abc"),
        (RunOrder.DURATION_DESC, "bac"),
    ],
)
def test_every_order(scene: Scene, order: RunOrder, names: str) -> None:
    assert scene.names(order) == names


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({"names": frozenset({"a", "c"})}, "ac"),
        ({"states": frozenset({"RUNNING"})}, "c"),
        ({"not_states": frozenset({"RUNNING"})}, "ab"),
        ({"state_names": frozenset({"Cached"})}, "b"),
        ({"not_state_names": frozenset({"Cached"})}, "ac"),
        ({"tags": frozenset({"x", "y"})}, "b"),
        ({"any_tags": frozenset({"y", "z"})}, "b"),
        ({"any_tags": frozenset()}, ""),
        ({"untagged": True}, "c"),
        ({"untagged": False}, "ab"),
        ({"flow_names": frozenset({"ml"})}, "c"),
        ({"flow_name_contains": "t"}, "ab"),
        ({"ended": True}, "ab"),
        ({"ended": False}, "c"),
        ({"ended_after": EPOCH + 180_000_000}, "b"),
        ({"ended_before": EPOCH + 180_000_000}, "a"),
        ({"started": True, "started_before": EPOCH + 180_000_000}, "ac"),
        ({"due_after": EPOCH + 120_000_000}, "bc"),
        ({"is_subflow": True}, ""),
        ({"ids": frozenset()}, ""),
    ],
)
def test_every_condition(scene: Scene, where: dict[str, Any], names: str) -> None:
    assert scene.names(**where) == names


def test_ids_limits_and_offsets(scene: Scene) -> None:
    first = scene.runs[0]
    assert scene.names(ids=frozenset({first.id})) == "b"
    assert scene.names(not_ids=frozenset({first.id})) == "ac"
    rows = scene.ledger.read(search_flow_runs, FlowRunWhere(), RunOrder.NAME_ASC, 1, 1).result()
    assert [row.name for row in rows] == ["b"]


def test_task_runs_of_the_flow_runs_that_fit(scene: Scene) -> None:
    def names(where: TaskRunWhere, runs: FlowRunWhere | None) -> list[str]:
        rows = scene.ledger.read(search_task_runs, where, runs, RunOrder.NAME_ASC, 200, 0).result()
        return [row.name for row in rows]

    assert names(TaskRunWhere(), None) == ["task-a", "task-b", "task-c"]
    assert names(TaskRunWhere(), FlowRunWhere(flow_name="etl")) == ["task-a", "task-b"]
    running = FlowRunWhere(states=frozenset({"RUNNING"}))
    assert names(TaskRunWhere(), running) == ["task-c"]
    assert names(TaskRunWhere(states=frozenset({"FAILED"})), None) == []
    wanted = frozenset({scene.runs[0].id})
    assert names(TaskRunWhere(flow_run_ids=wanted), None) == ["task-b"]
