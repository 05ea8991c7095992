"""What people ask of flow runs: to be cancelled, to rest, to be tried once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
import uuid_utils.compat as uuids

from headrace.records import (
    ClaimLoss,
    FlowRunChanged,
    LogLine,
    ProcessInfo,
    RunClaim,
    StateType,
    TaskRunChanged,
    TaskRunCreated,
    now_micros,
)
from headrace_service.ledger import Ledger
from headrace_service.ledger.claims import Claimant, Claimed, claim, conclude, to_be_ended
from headrace_service.ledger.deployments import (
    DeploymentInput,
    DeploymentRow,
    apply_deployment,
    delete_deployment,
)
from headrace_service.ledger.errors import Conflict, InvalidInput, NotFound
from headrace_service.ledger.flow_run_inputs import resume_flow_run
from headrace_service.ledger.models import FlowRun
from headrace_service.ledger.queries.events import histories
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.steering import cancel, retry, suspend
from headrace_service.loops.reaper import Reaper
from tests.builders import EPOCH, Stream, enters, flow_run, state

HOUR = 3_600_000_000


@pytest.fixture
def owner(ledger: Ledger) -> DeploymentRow:
    return ledger.write(apply_deployment, DeploymentInput("etl", "daily")).result()


def ask(ledger: Ledger, **wanted: Any) -> UUID:
    return ledger.write(create_run, RunRequest("etl/daily", **wanted)).result()


def take(ledger: Ledger, owner: DeploymentRow) -> list[Claimed]:
    claimant = Claimant(uuids.uuid7(), deployment_ids=[owner.id], limit=10)
    return ledger.write(claim, claimant, now_micros()).result()


def stand(ledger: Ledger, run_id: UUID) -> tuple[str, str, int]:
    """A run's state and the attempt that it is at."""
    columns = (FlowRun.state_type, FlowRun.state_name, FlowRun.run_count)
    query = FlowRun.select(*columns).where(FlowRun.id == run_id).tuples()
    (row,) = ledger.read(lambda db: list(query.execute(db))).result()
    return row[0], row[1], row[2]


def crashed(ledger: Ledger, owner: DeploymentRow) -> Claimed:
    """A run whose first attempt has crashed."""
    ask(ledger)
    (claimed,) = take(ledger, owner)
    begun = FlowRunChanged(claimed.flow_run_id, state("RUNNING"), claimed.epoch)
    assert ledger.append(Stream().batch(begun)).result().refused == []
    ledger.write(conclude, claimed.flow_run_id, claimed.epoch, "gone").result()
    return claimed


def test_a_retry_is_the_next_attempt_under_a_new_epoch(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    first = crashed(ledger, owner)
    ledger.write(retry, first.flow_run_id).result()
    assert stand(ledger, first.flow_run_id) == ("SCHEDULED", "AwaitingRetry", 2)
    (again,) = take(ledger, owner)
    assert (again.flow_run_id, again.run_count) == (first.flow_run_id, 2)
    assert again.epoch > first.epoch
    # Who was taken for dead wakes up, and is not heard.
    late = FlowRunChanged(first.flow_run_id, state("COMPLETED"), first.epoch)
    (refused,) = ledger.append(Stream().batch(late)).result().refused
    assert "superseded" in refused.message
    done = (state("RUNNING", "Retrying", run_count=2), state("COMPLETED", run_count=2))
    told = [FlowRunChanged(again.flow_run_id, each, again.epoch) for each in done]
    assert ledger.append(Stream().batch(*told)).result().refused == []
    (history,) = ledger.read(histories, [first.flow_run_id]).result()
    names = [row.payload.name for row in history]
    assert names == [
        "Scheduled",
        "Pending",
        "Running",
        "Crashed",
        "AwaitingRetry",
        "Pending",
        "Retrying",
        "Completed",
    ]


def test_nothing_of_a_superseded_process_is_taken_save_as_history(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    first, stream = crashed(ledger, owner), Stream()
    claim = RunClaim(first.flow_run_id, first.epoch)
    task = TaskRunCreated(uuids.uuid7(), "load", "load", state("RUNNING"), first.flow_run_id)
    line = LogLine(EPOCH, 20, "test", "hello", first.flow_run_id)
    batch = msgspec.structs.replace(stream.batch(task, line), claim=claim)
    assert ledger.append(batch).result().refused == []
    ledger.write(retry, first.flow_run_id).result()
    other = msgspec.structs.replace(task, id=uuids.uuid7())
    again = msgspec.structs.replace(stream.batch(other, line), claim=claim)
    ack = ledger.append(again).result()
    assert ack.lost is ClaimLoss.SUPERSEDED
    assert [(each.index, each.code, each.field) for each in ack.refused] == [
        (0, "Conflict", "claim"),
        (1, "Conflict", "claim"),
    ]
    # The same, of a process that has ended: what its tasks came to is worth knowing.
    left = TaskRunChanged(task.id, state("COMPLETED"))
    batch = msgspec.structs.replace(stream.batch(left), claim=claim, replayed=True)
    ack = ledger.append(batch).result()
    assert (ack.refused, ack.lost) == ([], None)


def test_a_process_is_told_that_its_run_was_ended_without_it(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    ask(ledger)
    (claimed,) = take(ledger, owner)
    stream, claim = Stream(), RunClaim(claimed.flow_run_id, claimed.epoch)

    def says(*records: FlowRunChanged) -> ClaimLoss | None:
        batch = msgspec.structs.replace(stream.batch(*records), claim=claim)
        return ledger.append(batch).result().lost

    assert says(FlowRunChanged(claim.flow_run_id, state("RUNNING"), claim.epoch)) is None
    ledger.write(conclude, claim.flow_run_id, claim.epoch, "gone").result()
    assert says() is ClaimLoss.ENDED
    # What the run itself tells of its end is no news to its process.
    ask(ledger)
    (claimed,) = take(ledger, owner)
    stream, claim = Stream(), RunClaim(claimed.flow_run_id, claimed.epoch)
    for kind in ("RUNNING", "COMPLETED"):
        assert says(FlowRunChanged(claim.flow_run_id, state(kind), claim.epoch)) is None
    assert says() is None


def test_only_what_has_ended_badly_is_tried_once_more(ledger: Ledger, owner: DeploymentRow) -> None:
    waiting = ask(ledger)
    with pytest.raises(Conflict, match="it has not ended, it is Scheduled"):
        ledger.write(retry, waiting).result()
    (claimed,) = take(ledger, owner)
    told = [state("RUNNING"), state("COMPLETED")]
    records = [FlowRunChanged(waiting, each, claimed.epoch) for each in told]
    assert ledger.append(Stream().batch(*records)).result().refused == []
    with pytest.raises(Conflict, match="it has ended well"):
        ledger.write(retry, waiting).result()
    with pytest.raises(NotFound):
        ledger.write(retry, uuids.uuid7()).result()


def test_a_run_that_nobody_could_execute_is_not_tried_once_more(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    script = flow_run()
    ledger.append(Stream().batch(script, enters(script, state("FAILED")))).result()
    with pytest.raises(Conflict, match="only its own script can run it"):
        ledger.write(retry, script.id).result()
    claimed = crashed(ledger, owner)
    ledger.write(delete_deployment, owner.id).result()
    with pytest.raises(Conflict, match="its deployment was deleted"):
        ledger.write(retry, claimed.flow_run_id).result()
    assert stand(ledger, claimed.flow_run_id) == ("CRASHED", "Crashed", 1)


def test_a_run_that_was_never_begun_is_tried_at_its_first_attempt(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    run_id = ask(ledger)
    assert ledger.write(cancel, run_id).result() is StateType.CANCELLED
    ledger.write(retry, run_id).result()
    (claimed,) = take(ledger, owner)
    assert claimed.run_count == 1


@pytest.mark.parametrize("waits", [None, ("PAUSED", "Paused"), ("SCHEDULED", "AwaitingRetry")])
def test_the_process_of_a_scripts_run_is_told_that_it_is_to_end(
    ledger: Ledger, waits: tuple[str, str] | None
) -> None:
    here = ProcessInfo("mill", 7, "identity", 15.0)
    run, other, stream = flow_run(), flow_run(), Stream()

    def says(*records: Any) -> list[UUID]:
        batch = msgspec.structs.replace(stream.batch(*records), process=here)
        ack = ledger.append(batch).result()
        assert ack.refused == []
        return ack.cancelling

    assert says(run, other) == []
    if waits is not None:
        says(enters(run, state(*waits)))
    assert ledger.write(cancel, run.id).result() is StateType.CANCELLING
    assert says() == [run.id]
    assert says(enters(run, state("CANCELLED"))) == []
    # One that no process has any more is cancelled at once.
    left = flow_run()
    ledger.append(Stream().batch(left, enters(left, state("PAUSED")))).result()
    assert ledger.write(cancel, left.id).result() is StateType.CANCELLED


def test_a_paused_run_waits_until_it_is_resumed_and_due(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    later = now_micros() + HOUR
    due, coming = ask(ledger), ask(ledger, scheduled_time=later)
    for run_id in (due, coming):
        ledger.write(suspend, run_id).result()
        assert stand(ledger, run_id) == ("PAUSED", "Suspended", 0)
    assert take(ledger, owner) == []
    for run_id in (due, coming):
        ledger.write(resume_flow_run, run_id, None).result()
    assert [run.flow_run_id for run in take(ledger, owner)] == [due]


def test_a_run_that_is_under_way_is_taken_from_its_process(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    worker, run_id = uuids.uuid7(), ask(ledger)
    claimant = Claimant(worker, deployment_ids=[owner.id], limit=10)
    (first,) = ledger.write(claim, claimant, now_micros()).result()
    begun = FlowRunChanged(run_id, state("RUNNING"), first.epoch)
    ledger.append(Stream().batch(begun)).result()
    assert ledger.read(to_be_ended, worker, [run_id]).result() == []
    ledger.write(suspend, run_id).result()
    assert ledger.read(to_be_ended, worker, [run_id]).result() == [run_id]
    # What its process still says is not heard, nor is what is said of that process's end.
    late = FlowRunChanged(run_id, state("CRASHED"), first.epoch)
    assert len(ledger.append(Stream().batch(late)).result().refused) == 1
    ledger.write(conclude, run_id, first.epoch, "gone").result()
    assert stand(ledger, run_id) == ("PAUSED", "Suspended", 1)
    assert take(ledger, owner) == []
    ledger.write(resume_flow_run, run_id, None).result()
    (again,) = take(ledger, owner)
    assert (again.flow_run_id, again.epoch > first.epoch) == (run_id, True)


async def test_a_suspended_run_that_nobody_resumes_in_time_has_failed(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    kept, late, resumed = ask(ledger), ask(ledger), ask(ledger)
    ledger.write(suspend, kept, None).result()
    for run_id in (late, resumed):
        ledger.write(suspend, run_id, 60).result()
    ledger.write(resume_flow_run, resumed, None).result()
    clock = Noon()
    reaper = Reaper(ledger, clock)
    await reaper.step()
    assert stand(ledger, late)[0] == "PAUSED"
    clock.time += HOUR
    await reaper.step()
    assert [stand(ledger, run_id)[0] for run_id in (kept, late, resumed)] == [
        "PAUSED",
        "FAILED",
        "SCHEDULED",
    ]
    (history,) = ledger.read(histories, [late]).result()
    assert history[-1].payload.message == "The flow was paused and never resumed."
    with pytest.raises(InvalidInput, match="timeoutSeconds: use 0 or more"):
        ledger.write(suspend, resumed, -1).result()


class Noon:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.time = now_micros()

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += int(seconds * 1e6)


def test_what_is_about_to_begin_or_a_scripts_is_not_paused_from_outside(
    ledger: Ledger, owner: DeploymentRow
) -> None:
    run_id = ask(ledger)
    take(ledger, owner)
    with pytest.raises(Conflict, match="is Pending: only one that is running"):
        ledger.write(suspend, run_id).result()
    script = flow_run()
    waits = state("SCHEDULED", "AwaitingRetry")
    ledger.append(Stream().batch(script, enters(script, waits))).result()
    with pytest.raises(Conflict, match="of no deployment"):
        ledger.write(suspend, script.id).result()
