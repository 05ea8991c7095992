"""What is old goes, a little at a time; what has not ended, and what it needs, stays."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import msgspec
import pytest

from headrace.records import FlowRunCreated, TaskRunCreated, now_micros
from headrace_service.ledger import Ledger, OutOfOrder, deletion, retention
from headrace_service.ledger.artifacts import NewArtifact, create_artifact
from headrace_service.ledger.columns import least_id
from headrace_service.ledger.deletion import begin_deletion, delete_flow_run
from headrace_service.ledger.deployments import put_bundle
from headrace_service.ledger.keep import Keep
from headrace_service.ledger.models import (
    TABLES,
    Artifact,
    Batch,
    Bundle,
    Deletion,
    Event,
    FlowRun,
    Log,
    MadeOnce,
    TaskRun,
)
from headrace_service.ledger.models import Retention as RetentionRow
from headrace_service.ledger.queries.events import latest
from headrace_service.ledger.queries.retained import newest_deleted_event, newest_deleted_log
from headrace_service.loops.retention import Retention
from tests.builders import Stream, custom_event, enters, flow_run, log_line, state, task_run

DAY = 24 * 3600 * 1_000_000


class Later:
    """A clock that stands so many days from now, and never waits."""

    def __init__(self, days: float) -> None:
        self._days = days

    def now(self) -> int:
        return now_micros() + int(self._days * DAY)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def sweep(ledger: Ledger, days: float = 100, **keep: float) -> Counter[str]:
    """Let so many days pass; how many rows went."""
    ledger.keep = Keep(**({"runs": 0, "events": 0, "logs": 0} | keep))
    return asyncio.run(Retention(lambda: ledger, 1, Later(days)).step())


def count(ledger: Ledger, model: Any) -> int:
    return int(ledger.read(lambda db: model.select().count(db)).result())


def ids(ledger: Ledger, model: Any = FlowRun) -> set[UUID]:
    return ledger.read(lambda db: {row.id for row in model.select(model.id).execute(db)}).result()


def record(ledger: Ledger, *runs: FlowRunCreated, end: str | None, tasks: int = 2) -> None:
    """Flow runs with some task runs and a log line each, which end now or not at all."""
    for run in runs:
        children = [task_run(run) for _ in range(tasks)]
        records: list[Any] = [run, *children, *(log_line(run) for _ in range(tasks))]
        if end is not None:
            done = state(end, at=now_micros())
            records += [*(enters(child, done) for child in children), enters(run, done)]
        ledger.append(Stream().batch(*records)).result()


def test_runs_go_so_many_days_after_their_end(ledger: Ledger) -> None:
    over, running = flow_run(), flow_run()
    record(ledger, over, end="COMPLETED")
    record(ledger, running, end=None)
    assert sweep(ledger, 89, runs=90) == Counter()
    sweep(ledger, 91, runs=90)
    assert ids(ledger) == {running.id}
    assert count(ledger, TaskRun) == count(ledger, Log) == 2
    assert count(ledger, Event) == 3  # of the one that goes on
    assert count(ledger, Deletion) == 0


def test_nothing_goes_that_is_kept_for_ever(ledger: Ledger) -> None:
    record(ledger, flow_run(), end="FAILED")
    assert sweep(ledger, 10_000) == Counter()


def test_a_run_of_any_size_goes_in_small_transactions(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (deletion, retention):
        monkeypatch.setattr(module, "ROWS", 7)
    big, small = flow_run(), flow_run()
    record(ledger, big, small, end="COMPLETED", tasks=20)
    sizes = []

    def rows() -> int:
        return sum(count(ledger, model) for model in (FlowRun, TaskRun, Log, Event))

    left = rows()
    place: retention.Place | None = retention.Place()
    while place is not None:
        place = ledger.write(retention.sweep_flow_runs, now_micros() + DAY, place).result()
        left, before = rows(), left
        sizes.append(before - left)
    assert ids(ledger) == set()
    assert count(ledger, TaskRun) == count(ledger, Log) == count(ledger, Event) == 0
    assert max(sizes) <= 7


def test_what_a_deletion_did_not_come_to_is_done_later(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = flow_run()
    record(ledger, run, end=None, tasks=5)
    monkeypatch.setattr(deletion, "ROWS", 3)
    assert ledger.write(begin_deletion, run.id).result()
    assert ids(ledger) == set()
    assert count(ledger, TaskRun) == 2
    sweep(ledger, 0, runs=90)
    assert count(ledger, TaskRun) == count(ledger, Log) == 0
    assert count(ledger, Event) == 1  # it tells of the deletion


def test_subflows_stay_for_as_long_as_what_has_started_them(ledger: Ledger) -> None:
    parent = flow_run()
    child = flow_run(parent=parent.id)
    record(ledger, parent, end=None)
    record(ledger, child, end="COMPLETED")
    sweep(ledger, runs=1)
    assert ids(ledger) == {parent.id, child.id}
    ledger.append(Stream().batch(enters(parent, state("CRASHED", at=now_micros())))).result()
    sweep(ledger, runs=1)
    assert ids(ledger) == set()


def test_task_runs_of_no_flow_run_go_too(ledger: Ledger) -> None:
    alone, open_, orphan = task_run(None), task_run(None), task_run(flow_run())
    done = state("COMPLETED", at=now_micros())
    tasks: list[TaskRunCreated] = [alone, open_, orphan]
    ledger.append(
        Stream().batch(*tasks, *(enters(task, done) for task in (alone, orphan)))
    ).result()
    sweep(ledger, runs=1)
    assert ids(ledger, TaskRun) == {open_.id}
    assert count(ledger, Event) == 1


def test_events_and_lines_go_by_their_own_age(ledger: Ledger) -> None:
    over, running = flow_run(), flow_run()
    record(ledger, over, end="COMPLETED")
    record(ledger, running, end=None)
    ledger.append(Stream().batch(custom_event(None), log_line(None))).result()
    sweep(ledger, logs=30)
    assert (count(ledger, Log), count(ledger, Event)) == (2, 10)
    sweep(ledger, events=30)
    assert (count(ledger, Log), count(ledger, Event)) == (2, 3)
    assert ids(ledger) == {over.id, running.id}
    # They are looked at again when it has ended.
    ledger.append(Stream().batch(enters(running, state("CRASHED", at=now_micros())))).result()
    assert sweep(ledger, logs=30)["log"] == 2
    assert sweep(ledger, events=30)["event"] == 4
    assert count(ledger, Log) == count(ledger, Event) == 0


def test_a_sweep_looks_at_some_of_what_was_passed_by_and_the_next_one_goes_on(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOOK", 5)
    monkeypatch.setattr(retention, "AGAIN", 2)
    run = flow_run()
    record(ledger, run, end=None)
    ledger.append(Stream().batch(*(log_line(run) for _ in range(24)))).result()
    before = count(ledger, Log)
    assert sweep(ledger, logs=30)["log"] == 0
    ledger.append(Stream().batch(enters(run, state("CRASHED", at=now_micros())))).result()
    assert sweep(ledger, logs=30)["log"] == 10
    assert sweep(ledger, logs=30)["log"] == 10
    assert sweep(ledger, logs=30)["log"] == before - 20


@pytest.mark.parametrize("ahead", [1, 12, 60])
def test_lines_of_a_clock_that_is_ahead_keep_no_others(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    for name in ("LOOK", "SAMPLE"):
        monkeypatch.setattr(retention, name, 5)
    soon = now_micros() + 365 * DAY

    def tell(number: int, at: int) -> None:
        events = [msgspec.structs.replace(custom_event(None), timestamp=at) for _ in range(number)]
        lines = [msgspec.structs.replace(log_line(None), timestamp=at) for _ in range(number)]
        ledger.append(Stream().batch(*events, *lines)).result()

    tell(2, now_micros())
    tell(ahead, soon)
    tell(70, now_micros())
    tell(3, now_micros() + 100 * DAY)  # what is young when the sweep comes
    sweep(ledger, 100, events=30, logs=30)
    assert count(ledger, Event) == count(ledger, Log) == ahead + 3
    sweep(ledger, 200, events=30, logs=30)
    assert count(ledger, Event) == count(ledger, Log) == ahead
    sweep(ledger, 365 + 31, events=30, logs=30)
    assert count(ledger, Event) == count(ledger, Log) == 0


def test_a_few_old_lines_far_ahead_do_not_let_a_sweep_pass_young_ones(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOOK", "SAMPLE"):
        monkeypatch.setattr(retention, name, 5)
    stream, young = Stream(), now_micros() + 99 * DAY
    lines = [msgspec.structs.replace(log_line(None), timestamp=young) for _ in range(60)]
    lines[40] = lines[41] = log_line(None)
    ledger.append(stream.batch(*lines)).result()
    sweep(ledger, 100, logs=30)
    reached = RetentionRow.select(RetentionRow.looked_to).where(RetentionRow.kind == "log")
    assert ledger.read(lambda db: reached.scalar(db)).result() == 0
    assert count(ledger, Log) == 60


def test_it_is_known_up_to_where_the_feeds_have_lost_something(ledger: Ledger) -> None:
    assert (
        ledger.read(newest_deleted_event).result() == ledger.read(newest_deleted_log).result() == 0
    )
    record(ledger, flow_run(), end="COMPLETED")
    event, log = ledger.read(latest).result()
    record(ledger, flow_run(), end=None)
    sweep(ledger, runs=1)
    assert ledger.read(newest_deleted_event).result() == event
    assert ledger.read(newest_deleted_log).result() == log
    sweep(ledger, events=1, logs=1)
    assert ledger.read(newest_deleted_event).result() == event
    # What a user deletes is nothing that anybody was promised.
    asyncio.run(delete_flow_run(ledger, next(iter(ids(ledger)))))
    assert ledger.read(newest_deleted_event).result() == event


def test_the_newest_artifact_of_a_key_stays(ledger: Ledger) -> None:
    run = flow_run()
    record(ledger, run, end="COMPLETED")
    for key, data in (("report", 1), ("report", 2), (None, 3)):
        ledger.write(create_artifact, NewArtifact(data, key, flow_run_id=run.id)).result()
    sweep(ledger, runs=1)
    kept = ledger.read(lambda db: [row.data for row in Artifact.select().execute(db)]).result()
    assert kept == ["2"]


def test_what_nothing_needs_any_more_goes(ledger: Ledger) -> None:
    record(ledger, flow_run(), end="COMPLETED")
    record(ledger, flow_run(), end=None)
    old = {Bundle.key: "a", Bundle.content: b"", Bundle.about: "{}", Bundle.created_at: 1}
    new = old | {Bundle.key: "b", Bundle.created_at: now_micros()}
    ledger.write(lambda db: Bundle.insert_many([old, new]).execute(db)).result()
    made = {
        MadeOnce.operation: "createFlowRun",
        MadeOnce.key: "k",
        MadeOnce.request: "",
        MadeOnce.made_id: flow_run().id,
        MadeOnce.at: now_micros(),
    }
    ledger.write(lambda db: MadeOnce.insert(made).execute(db)).result()
    gone = sweep(ledger, runs=1)
    assert (gone["bundle"], gone["stream"], gone["key"]) == (1, 2, 1)
    assert (count(ledger, Bundle), count(ledger, Batch), count(ledger, MadeOnce)) == (1, 0, 0)


def test_a_stream_that_was_forgotten_goes_on_where_it_is(ledger: Ledger) -> None:
    stream, run = Stream(), flow_run()
    ledger.append(stream.batch(flow_run(), log_line(None))).result()
    sweep(ledger, runs=1)
    assert count(ledger, Batch) == 0
    late = stream.batch(run)
    assert ledger.append(late).result().accepted == 1
    assert ledger.append(late).result().duplicate
    assert ledger.append(stream.batch(enters(run, state("FAILED")))).result().refused == []
    stream.number += 1  # from here on its batches are known, and one is missing
    with pytest.raises(OutOfOrder, match="batch 5 came before batch 4"):
        ledger.append(stream.batch()).result()
    unknown = Stream()
    unknown.client_id = least_id(now_micros() + 200 * DAY)
    unknown.number = 1
    with pytest.raises(OutOfOrder, match="batch 2 came before batch 1"):
        ledger.append(unknown.batch()).result()


def test_progress_is_told(ledger: Ledger) -> None:
    record(ledger, flow_run(), end="COMPLETED", tasks=3)
    told: list[tuple[str, int]] = []
    ledger.keep = Keep(runs=90, events=0, logs=30)
    loop = Retention(lambda: ledger, 1, Later(100))
    gone = asyncio.run(loop.step(lambda kind, rows: told.append((kind, rows))))
    assert ("run", gone["run"]) in told
    rows = {row.kind: row for row in ledger.read(retention.progress, ledger.keep).result()}
    assert set(rows) == {sweep.kind for sweep in retention.SWEEPS}
    assert (rows["run"].keep_days, rows["run"].deleted) == (90, gone["run"])
    assert rows["run"].swept_at is not None
    assert rows["event"].swept_at is None
    assert asyncio.run(loop.step()) == Counter()


def test_every_table_is_thought_of() -> None:
    """Whoever adds a table says whether it grows with what is run, and what lets it shrink."""
    of_runs = {"flow_run", "task_run", "background_run", "flow_run_input", "artifact", "deletion"}
    by_age = {"event", "log", "batch", "reaping", "bundle", "made_once"}
    by_lease = {"worker", "slot", "waiter", "line", "process"}
    grow_with_what_users_define = {
        "flow", "variable", "block_type", "block", "deployment", "schedule", "work_pool",
        "work_queue", "concurrency_limit", "retention", "api_token",
    }  # fmt: skip
    of_automations = {"automation", "trigger_count", "trigger_firing", "loop_cursor"}
    names = {table._meta.table_name for table in TABLES}
    assert names <= of_runs | by_age | by_lease | grow_with_what_users_define | of_automations


def test_a_bundle_that_is_sent_again_is_kept_until_its_deployment_is_made(ledger: Ledger) -> None:
    key = ledger.write(put_bundle, b"code", {}).result()
    ledger.write(lambda db: Bundle.update({Bundle.created_at: 1}).execute(db)).result()
    assert ledger.write(put_bundle, b"code", {}).result() == key
    query = Bundle.select(Bundle.created_at)
    ((at,),) = ledger.read(lambda db: list(query.tuples().execute(db))).result()
    assert at > now_micros() - retention.BUNDLE_GRACE
