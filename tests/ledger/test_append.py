"""Batches become rows and events: once, in order, and only what is allowed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import uuid_utils.compat as uuids

from headrace.records import FlowRunCreated, TaskRunCreated
from headrace_service.ledger import InvalidBatch, Ledger, OutOfOrder
from headrace_service.ledger.columns import Table
from headrace_service.ledger.models import Event, Flow, FlowRun, Log, TaskRun
from tests.builders import EPOCH, Stream, enters, flow_run, log_line, state, task_run


def rows(ledger: Ledger, model: type[Table]) -> list[dict[str, Any]]:
    """All of a table."""
    return ledger.read(lambda db: list(model.select().dicts().execute(db))).result()


def test_a_run_becomes_a_row_and_an_event_for_each_state(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run(name="calm-heron")
    task = task_run(run, "load")
    done = state("COMPLETED", at=EPOCH + 5)
    ack = ledger.append(
        stream.batch(run, task, enters(task, done), log_line(run), enters(run, done))
    ).result()
    assert (ack.accepted, ack.refused) == (5, [])

    (flow_row,), (task_row,) = rows(ledger, FlowRun), rows(ledger, TaskRun)
    assert flow_row["state_type"] == task_row["state_type"] == "COMPLETED"
    assert (flow_row["start_time"], flow_row["end_time"]) == (EPOCH, EPOCH + 5)
    assert (task_row["start_time"], task_row["end_time"]) == (EPOCH, EPOCH + 5)
    assert flow_row["task_run_counts"] == '{"COMPLETED":1}'
    assert [flow["name"] for flow in rows(ledger, Flow)] == ["etl"]
    assert [(e["kind"], e["subject_id"]) for e in rows(ledger, Event)] == [
        ("flow_run", run.id),
        ("task_run", task.id),
        ("task_run", task.id),
        ("flow_run", run.id),
    ]
    assert [line["message"] for line in rows(ledger, Log)] == ["hello"]


def test_states_that_come_in_later_batches_update_row_and_counts(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run()
    tasks = [task_run(run) for _ in range(3)]
    ledger.append(stream.batch(run, *tasks)).result()
    assert rows(ledger, FlowRun)[0]["task_run_counts"] == '{"RUNNING":3}'

    failed = state("FAILED", message="no such table", at=EPOCH + 9)
    ledger.append(stream.batch(enters(tasks[0], failed))).result()
    counts = msgspec.json.decode(rows(ledger, FlowRun)[0]["task_run_counts"])
    assert counts == {"RUNNING": 2, "FAILED": 1}
    (row,) = (row for row in rows(ledger, TaskRun) if row["id"] == tasks[0].id)
    assert (row["state_message"], row["start_time"], row["end_time"]) == (
        "no such table",
        EPOCH,
        EPOCH + 9,
    )


def test_a_replayed_batch_changes_nothing_and_gets_the_same_answer(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run()
    batch = stream.batch(run, log_line(run), enters(run, state("RUNNING", run_count=0)))
    first = ledger.append(batch).result()
    again = ledger.append(batch).result()
    assert [refused.code for refused in first.refused] == ["Conflict"]
    assert again == msgspec.structs.replace(first, duplicate=True)
    assert len(rows(ledger, Log)) == len(rows(ledger, Event)) == 1

    ledger.append(stream.batch(log_line(run, "second"))).result()
    assert ledger.append(batch).result().duplicate
    assert len(rows(ledger, Log)) == 2


def test_a_missing_batch_is_noticed(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run()
    ledger.append(stream.batch(run)).result()
    stream.batch(log_line(run))  # lost on the way
    with pytest.raises(OutOfOrder) as caught:
        ledger.append(stream.batch(log_line(run))).result()
    assert caught.value.expected == 2
    assert rows(ledger, Log) == []


def test_a_stream_begins_with_its_first_batch(ledger: Ledger) -> None:
    """A ledger that lost all it knew of a client says so, as one that lost a part."""
    stream = Stream()
    stream.batch(flow_run())
    with pytest.raises(OutOfOrder) as caught:
        ledger.append(stream.batch(flow_run())).result()
    assert caught.value.expected == 1


def test_a_flow_may_have_any_name(ledger: Ledger) -> None:
    names = ["etl\0one", "etl\0two", "é💧", "e" * 1000]
    runs = [msgspec.structs.replace(flow_run(), flow_name=name) for name in names]
    assert ledger.append(Stream().batch(*runs)).result().refused == []
    again = [msgspec.structs.replace(flow_run(), flow_name=name) for name in names]
    assert ledger.append(Stream().batch(*again)).result().refused == []
    assert ledger.read(lambda db: Flow.select().count(db)).result() == len(names)


def test_terminal_is_final_and_an_old_attempt_is_fenced(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run()
    ledger.append(stream.batch(run, enters(run, state("RUNNING", run_count=2)))).result()
    stale = ledger.append(stream.batch(enters(run, state("COMPLETED", run_count=1)))).result()
    assert stale.refused[0].message == "attempt 1 was superseded by attempt 2"

    ledger.append(stream.batch(enters(run, state("FAILED", run_count=2)))).result()
    late = ledger.append(stream.batch(enters(run, state("COMPLETED", run_count=2)))).result()
    assert late.refused[0].field == "state"
    assert "terminal" in late.refused[0].message
    assert rows(ledger, FlowRun)[0]["state_type"] == "FAILED"


@pytest.mark.parametrize("unknown", [flow_run(), task_run(None)])
def test_a_state_of_an_unknown_run_is_refused_alone(
    ledger: Ledger, unknown: FlowRunCreated | TaskRunCreated
) -> None:
    stream, run = Stream(), flow_run()
    stray = enters(unknown, state("COMPLETED"))
    ack = ledger.append(stream.batch(run, stray, log_line(run))).result()
    assert [(r.index, r.code, r.field) for r in ack.refused] == [(1, "NotFound", "id")]
    assert ack.accepted == 2
    assert len(rows(ledger, Log)) == 1


def test_what_another_process_did_in_a_run_may_come_before_the_run_itself(ledger: Ledger) -> None:
    """A forked child's stream can overtake its parent's: nothing of it is lost."""
    parent, child, run = Stream(), Stream(), flow_run()
    first, second, below = task_run(run), task_run(run), flow_run(parent=run.id)
    ack = ledger.append(child.batch(first, second, below, log_line(run))).result()
    assert ack.refused == []
    ledger.append(child.batch(enters(first, state("COMPLETED")))).result()
    third = task_run(run)
    ledger.append(parent.batch(run, third)).result()
    ledger.append(child.batch(enters(second, state("FAILED")))).result()
    (row,) = (row for row in rows(ledger, FlowRun) if row["id"] == run.id)
    counts = msgspec.json.decode(row["task_run_counts"])
    assert counts == {"COMPLETED": 1, "FAILED": 1, "RUNNING": 1}


def test_malformed_records_are_refused_one_by_one_and_the_stream_goes_on(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run()
    plain = msgspec.to_builtins(stream.batch(run, log_line(run), log_line(run, "kept")))
    plain["records"].insert(1, {"kind": "nonsense"})
    plain["records"].insert(2, {"kind": "log", "timestamp": -1, "level": 20, "logger": "x"})
    plain["records"].insert(3, "not even an object")
    plain["records"][4]["timestamp"] = "yesterday"
    ack = ledger.append_value(plain).result()
    assert [(r.index, r.code, r.field) for r in ack.refused] == [
        (1, "InvalidInput", "kind"),
        (2, "InvalidInput", "timestamp"),
        (3, "InvalidInput", None),
        (4, "InvalidInput", "timestamp"),
    ]
    assert ack.accepted == 2
    assert [line["message"] for line in rows(ledger, Log)] == ["kept"]
    assert ledger.append(stream.batch(log_line(run))).result().accepted == 1


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (b"{", None),
        (b'"text"', None),
        (b"{}", None),
        ({"client_id": "x", "number": 1, "records": []}, "client_id"),
        ({"client_id": str(uuids.uuid7()), "number": 0, "records": []}, "number"),
        ({"client_id": str(uuids.uuid7()), "number": 1, "records": {}}, "records"),
        ({"client_id": str(uuids.uuid7()), "number": 1, "records": [1] * 10_001}, "records"),
        (b'{"client_id": "\xff"}', None),
    ],
)
def test_a_wrong_envelope_is_refused_whole(
    ledger: Ledger, value: object, field: str | None
) -> None:
    with pytest.raises(InvalidBatch) as caught:
        ledger.append_value(value)
    assert caught.value.field == field


def test_a_task_run_without_a_flow_run_is_recorded(ledger: Ledger) -> None:
    task = task_run(None)
    ledger.append(Stream().batch(task, enters(task, state("COMPLETED")))).result()
    assert [(row["flow_run_id"], row["state_type"]) for row in rows(ledger, TaskRun)] == [
        (None, "COMPLETED")
    ]


def test_what_went_into_a_task_is_kept(ledger: Ledger) -> None:
    run = flow_run()
    first = task_run(run, "extract")
    second = msgspec.structs.replace(task_run(run), inputs={"raw": [first.id]}, tags=["db"])
    ledger.append(Stream().batch(run, first, second)).result()
    (row,) = (row for row in rows(ledger, TaskRun) if row["id"] == second.id)
    assert msgspec.json.decode(row["inputs"]) == {"raw": [str(first.id)]}
    assert msgspec.json.decode(row["tags"]) == ["db"]


def test_two_streams_share_a_flow_by_its_name(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.append(Stream().batch(flow_run("etl"), flow_run("report"))).result()
    assert sorted(flow["name"] for flow in rows(ledger, Flow)) == ["etl", "report"]
    assert len({row["flow_id"] for row in rows(ledger, FlowRun)}) == 2
