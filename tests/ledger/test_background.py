"""Background runs of tasks: claimed once, given back, and of no concern to who had them before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuids

from headrace.records import ProcessInfo, StateType, TaskClaim, TaskRunChanged, now_micros
from headrace_service.ledger import Ledger, background
from headrace_service.ledger.background import (
    MAX_ARGUMENTS,
    ClaimedTaskRun,
    NewBackgroundRun,
    begin_task_runs,
    claim_task_runs,
    enqueue,
    enqueue_all,
    lost_task_runs,
    waiting,
)
from headrace_service.ledger.claims import release_lapsed, release_worker
from headrace_service.ledger.errors import InvalidInput
from headrace_service.ledger.models import BackgroundRun, TaskRun
from headrace_service.ledger.processes import processes
from headrace_service.ledger.queries.blocked import task_runs_blocked_by
from headrace_service.ledger.run_changes import NewState, set_task_run_state
from headrace_service.ledger.work_pools import WorkerCall, keep_worker
from tests.builders import Stream, state

SECOND = 1_000_000
KEY = "resize-12345678"


def ask(ledger: Ledger, key: str = KEY, **wanted: Any) -> UUID:
    given = {"id": uuids.uuid7(), "task_name": "resize", "name": "resize", "arguments": b"\0\xff"}
    return ledger.write(enqueue, NewBackgroundRun(task_key=key, **{**given, **wanted})).result().id


def worker(ledger: Ledger, lease: int = 30 * SECOND) -> UUID:
    key = uuids.uuid7()
    ledger.write(keep_worker, WorkerCall(key, "tasks", None, "host", 1, lease / SECOND)).result()
    return key


def take(
    ledger: Ledger,
    claimant: UUID,
    *keys: str,
    limit: int = 10,
    holding: Collection[UUID] | None = None,
) -> list[ClaimedTaskRun]:
    verb = claim_task_runs
    return ledger.write(verb, claimant, keys or (KEY,), limit, holding).result()


def test_an_answer_has_no_more_arguments_than_fit_into_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "MOST_BYTES", 10)
    asked = [ask(ledger, arguments=b"8 bytes.") for _ in range(3)]
    claimant = worker(ledger)
    taken = [[run.task_run_id for run in take(ledger, claimant)] for _ in range(2)]
    assert taken == [asked[:2], asked[2:]]


def state_of(ledger: Ledger, run_id: UUID) -> str:
    query = TaskRun.select(TaskRun.state_type).where(TaskRun.id == run_id)
    return str(ledger.read(query.scalar).result())


def rows(ledger: Ledger) -> int:
    return ledger.read(BackgroundRun.select().count).result()


def say(ledger: Ledger, stream: Stream, run: ClaimedTaskRun, kind: str) -> list[str]:
    """What is refused of a claimant's word that the run enters a state."""
    change = TaskRunChanged(run.task_run_id, state(kind, run_count=1), run.epoch)
    return [each.message for each in ledger.append(stream.batch(change)).result().refused]


def test_a_run_is_given_to_one_worker_with_its_arguments(ledger: Ledger) -> None:
    run_id = ask(ledger, tags=["images"])
    assert state_of(ledger, run_id) == "SCHEDULED"
    (claimed,) = take(ledger, worker(ledger))
    assert claimed == ClaimedTaskRun(run_id, KEY, "resize", 1, 0, ["images"], [], b"\0\xff")
    assert state_of(ledger, run_id) == "PENDING"
    assert take(ledger, worker(ledger)) == []


def test_a_worker_takes_the_oldest_runs_of_its_tasks_alone(ledger: Ledger) -> None:
    asked = [ask(ledger, key) for key in ("a", "b", "c", "a", "b")]
    claimed = take(ledger, worker(ledger), "b", "a", limit=3)
    assert [run.task_run_id for run in claimed] == [asked[0], asked[1], asked[3]]


def test_asking_again_for_the_same_run_changes_nothing(ledger: Ledger) -> None:
    run_id = ask(ledger)
    take(ledger, worker(ledger))
    assert ask(ledger, id=run_id) == run_id
    assert state_of(ledger, run_id) == "PENDING"


def test_what_a_lapsed_worker_has_not_begun_is_given_to_another(ledger: Ledger) -> None:
    gone, stream = worker(ledger, lease=0), Stream()
    run_id = ask(ledger)
    (former,) = take(ledger, gone)
    ledger.write(release_lapsed, now_micros() + SECOND).result()
    assert state_of(ledger, run_id) == "SCHEDULED"
    (claimed,) = take(ledger, worker(ledger))
    assert claimed.epoch == 3
    assert say(ledger, stream, former, "RUNNING") == ["claim 1 of the run was superseded"]
    assert say(ledger, Stream(), claimed, "RUNNING") == []


def test_what_a_worker_does_not_know_to_be_its_own_is_given_anew(ledger: Ledger) -> None:
    mine = worker(ledger)
    first, second = ask(ledger), ask(ledger)
    take(ledger, mine)
    assert take(ledger, mine) == []
    (claimed,) = take(ledger, mine, holding=[first])
    assert (claimed.task_run_id, claimed.epoch) == (second, 3)


HERE = ProcessInfo("mill", 7, "another machine", 15.0)


def begin(ledger: Ledger, stream: Stream, *runs: ClaimedTaskRun) -> list[UUID]:
    claims = [TaskClaim(run.task_run_id, run.epoch) for run in runs]
    return ledger.write(begin_task_runs, claims, stream.client_id, HERE, now_micros()).result()


def test_a_run_begins_at_one_worker_and_never_under_a_former_claim(ledger: Ledger) -> None:
    slow, stream = worker(ledger, lease=0), Stream()
    run_id = ask(ledger)
    (former,) = take(ledger, slow)
    ledger.write(release_lapsed, now_micros() + SECOND).result()
    assert begin(ledger, stream, former) == []
    (claimed,) = take(ledger, worker(ledger))
    assert begin(ledger, stream, former) == []
    other = Stream()
    assert begin(ledger, other, claimed) == [run_id]
    assert begin(ledger, other, claimed) == [run_id]  # an answer was lost
    assert begin(ledger, stream, claimed) == []
    # From now on the lease of the process counts, not that of the worker.
    (row,) = ledger.read(processes).result()
    assert row.client_id == other.client_id
    say(ledger, other, claimed, "COMPLETED")
    assert begin(ledger, other, claimed) == []


def test_however_many_ask_to_begin_it_is_no_statement_too_long(ledger: Ledger) -> None:
    run_id = ask(ledger)
    (claimed,) = take(ledger, worker(ledger))
    others = [
        TaskClaim(UUID(int=number), 1) for number in range(70_000)
    ]  # more than PostgreSQL takes
    claims = [*others, TaskClaim(run_id, claimed.epoch)]
    begun = ledger.write(begin_task_runs, claims, Stream().client_id, HERE, now_micros())
    assert begun.result() == [run_id]


def test_what_has_begun_is_not_given_back(ledger: Ledger) -> None:
    mine, stream = worker(ledger), Stream()
    first, second = ask(ledger), ask(ledger)
    claimed = take(ledger, mine)
    assert begin(ledger, stream, claimed[0]) == [first]
    assert [run.task_run_id for run in take(ledger, mine, holding=[])] == [second]
    ledger.write(release_worker, mine).result()
    assert (state_of(ledger, first), state_of(ledger, second)) == ("PENDING", "SCHEDULED")


def test_what_a_worker_has_begun_stays_its_own(ledger: Ledger) -> None:
    mine = worker(ledger)
    run_id = ask(ledger)
    (claimed,) = take(ledger, mine)
    stream = Stream()
    assert say(ledger, stream, claimed, "RUNNING") == []
    ledger.write(release_worker, mine).result()
    assert state_of(ledger, run_id) == "RUNNING"
    assert say(ledger, stream, claimed, "COMPLETED") == []
    assert state_of(ledger, run_id) == "COMPLETED"


def test_a_claim_tells_which_runs_it_awaits(ledger: Ledger) -> None:
    before, done = ask(ledger, "a"), ask(ledger, "b")
    (other,) = take(ledger, worker(ledger), "b")
    stream = Stream()
    begin(ledger, stream, other)
    assert say(ledger, stream, other, "COMPLETED") == []
    ask(ledger, "c", inputs={"x": [before, done], "wait_for": [before, uuids.uuid7()]})
    (claimed,) = take(ledger, worker(ledger), "c")
    assert claimed.awaits == [before]


def test_a_worker_that_was_silent_learns_what_is_not_its_own_any_more(ledger: Ledger) -> None:
    here, stream = worker(ledger), Stream()
    kept, ended, given_on = (ask(ledger, key) for key in "abc")
    runs = {run.task_run_id: run for run in take(ledger, here, "a", "b")}
    take(ledger, worker(ledger), "c")
    begin(ledger, stream, *runs.values())
    assert say(ledger, stream, runs[ended], "CRASHED") == []
    lost = ledger.read(lost_task_runs, here, [kept, ended, given_on]).result()
    assert lost == [ended, given_on]


def test_the_arguments_go_with_the_end_of_the_run(ledger: Ledger) -> None:
    ask(ledger)
    (claimed,) = take(ledger, worker(ledger))
    stream = Stream()
    say(ledger, stream, claimed, "RUNNING")
    assert rows(ledger) == 1
    say(ledger, stream, claimed, "FAILED")
    assert rows(ledger) == 0


def test_a_run_that_somebody_cancels_is_claimed_by_nobody(ledger: Ledger) -> None:
    run_id = ask(ledger)
    cancelled = NewState(StateType.CANCELLED, "Cancelled")
    ledger.write(set_task_run_state, run_id, cancelled).result()
    assert take(ledger, worker(ledger)) == []
    assert rows(ledger) == 0


def test_arguments_have_a_size_that_fits_a_message(ledger: Ledger) -> None:
    with pytest.raises(InvalidInput, match="pass where they stand instead"):
        ask(ledger, arguments=bytes(MAX_ARGUMENTS + 1))


def test_many_are_asked_for_at_once_all_or_none(ledger: Ledger) -> None:
    known = ask(ledger)
    wanted = [
        NewBackgroundRun(run_id, KEY, "resize", "resize", b"", ["images"])
        for run_id in (known, uuids.uuid7(), uuids.uuid7())
    ]
    ledger.write(enqueue_all, wanted).result()
    assert [run.task_run_id for run in take(ledger, worker(ledger), limit=9)] == [
        run.id for run in wanted
    ]
    large = NewBackgroundRun(uuids.uuid7(), KEY, "resize", "resize", bytes(MAX_ARGUMENTS + 1))
    other = NewBackgroundRun(uuids.uuid7(), KEY, "resize", "resize", b"")
    with pytest.raises(InvalidInput, match="are allowed"):
        ledger.write(enqueue_all, [other, large]).result()
    assert rows(ledger) == 3


def test_what_waits_is_read_in_order_from_an_index(file_ledger: Ledger) -> None:
    def plan(db: Any) -> list[str]:
        seen: list[Any] = []
        db.query_hooks.append(seen.append)
        waiting(db, [KEY], 10)
        db.query_hooks.remove(seen.append)
        return [
            step[3]
            for event in seen
            if event.sql.startswith("SELECT")
            for step in db.execute_sql(f"EXPLAIN QUERY PLAN {event.sql}", event.params)
        ]

    (step,) = file_ledger.read(plan).result()
    assert "USING INDEX background_run_task_key_task_run_id" in step
    assert "task_key=?" in step


def test_a_run_tells_that_nobody_serves_its_task(ledger: Ledger) -> None:
    def blockers() -> list[list[str]]:
        found = ledger.read(task_runs_blocked_by, [run_id]).result()
        return [[f"{one.reason.value}: {one.message}" for one in each] for each in found]

    def serve(*keys: str, lease: float = 60) -> None:
        call = WorkerCall(uuids.uuid7(), "tasks", None, "host", 1, lease, task_keys=list(keys))
        ledger.write(keep_worker, call).result()

    run_id = ask(ledger)
    nobody = (
        f"NO_WORKER: No task worker serves task 'resize' ({KEY}); start the script that serves it."
    )
    assert blockers() == [[nobody]]
    serve("resize-of-other-code")
    serve(KEY, lease=1e-6)  # it has been gone for long
    assert blockers() == [[nobody]]
    serve("resize-of-other-code", KEY)
    assert blockers() == [[]]
