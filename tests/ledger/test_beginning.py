"""A claimed run is given to one process of its claim, before any of its code has run."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
import uuid_utils.compat as uuids

from headrace.records import ProcessInfo, RunClaim, StateType, now_micros
from headrace_service.ledger import Ledger
from headrace_service.ledger.beginning import begin
from headrace_service.ledger.claims import (
    Claimant,
    Claimed,
    claim,
    conclude,
    release,
    release_lapsed,
)
from headrace_service.ledger.deployments import DeploymentInput, apply_deployment
from headrace_service.ledger.errors import Conflict, NotFound
from headrace_service.ledger.processes import Ended, processes, reap
from headrace_service.ledger.scheduled_runs import RunRequest, create_run
from headrace_service.ledger.state_changes import CurrentState, state_of_flow_run
from headrace_service.ledger.steering import cancel
from headrace_service.ledger.work_pools import WorkerCall, keep_worker

HERE = ProcessInfo("mill", 7, "mill/7", 15.0)
SECOND = 1_000_000


@pytest.fixture
def worker(ledger: Ledger) -> Claimant:
    """Who claims runs of a deployment whose flow has a retry; one is due."""
    wanted = DeploymentInput(flow_name="etl", name="daily", retries=1)
    row = ledger.write(apply_deployment, wanted).result()
    ask(ledger)
    made = Claimant(uuids.uuid7(), deployment_ids=[row.id], holding=frozenset())
    ledger.write(keep_worker, WorkerCall(made.worker_id, "w", None, "mill", 1, 1.0)).result()
    return made


def ask(ledger: Ledger) -> UUID:
    return ledger.write(create_run, RunRequest("etl/daily")).result()


def take(ledger: Ledger, worker: Claimant) -> list[Claimed]:
    return ledger.write(claim, worker, now_micros()).result()


def begins(ledger: Ledger, claimed: Claimed, client_id: UUID) -> StateType:
    wanted = RunClaim(claimed.flow_run_id, claimed.epoch)
    return ledger.write(begin, wanted, client_id, HERE, now_micros()).result()


def current(ledger: Ledger, run_id: UUID) -> CurrentState:
    found = ledger.read(state_of_flow_run, run_id).result()
    assert found is not None
    return found


def test_one_of_the_processes_of_a_claim_gets_the_run(ledger: Ledger, worker: Claimant) -> None:
    (claimed,) = take(ledger, worker)
    first, second = uuids.uuid7(), uuids.uuid7()
    for _ in range(2):  # its answer may be lost
        assert begins(ledger, claimed, first) is StateType.PENDING
    with pytest.raises(Conflict, match="begun by another process"):
        begins(ledger, claimed, second)
    assert [each.client_id for each in ledger.read(processes).result()] == [first]


def test_a_run_that_was_begun_is_given_back_by_nobody(ledger: Ledger, worker: Claimant) -> None:
    (claimed,) = take(ledger, worker)
    begins(ledger, claimed, uuids.uuid7())
    # Its worker has seen it end, and what it has to say is still on its way.
    assert take(ledger, worker) == []
    assert ledger.write(release_lapsed, now_micros() + 2 * SECOND).result() == []
    assert current(ledger, claimed.flow_run_id).type is StateType.PENDING


def test_a_process_whose_claim_was_given_back_gets_nothing(
    ledger: Ledger, worker: Claimant
) -> None:
    (late,) = take(ledger, worker)
    ledger.write(release, [worker.worker_id]).result()
    with pytest.raises(Conflict, match=r"claim 1 .* was superseded"):
        begins(ledger, late, uuids.uuid7())
    (claimed,) = take(ledger, worker)
    with pytest.raises(Conflict, match=r"claim 1 .* was superseded"):
        begins(ledger, late, uuids.uuid7())
    assert begins(ledger, claimed, uuids.uuid7()) is StateType.PENDING


def test_a_claim_that_comes_late_gives_back_what_has_not_begun_and_that_does_not_begin(
    ledger: Ledger, worker: Claimant
) -> None:
    """A request that its worker has given up, and repeated, is carried out after all."""
    ask(ledger)
    begun, starting = take(ledger, msgspec.structs.replace(worker, limit=2))
    begins(ledger, begun, uuids.uuid7())
    (again,) = take(ledger, worker)
    assert again.flow_run_id == starting.flow_run_id
    with pytest.raises(Conflict, match="superseded"):
        begins(ledger, starting, uuids.uuid7())


def test_a_run_that_is_to_be_cancelled_is_told_so(ledger: Ledger, worker: Claimant) -> None:
    (claimed,) = take(ledger, worker)
    ledger.write(cancel, claimed.flow_run_id).result()
    assert begins(ledger, claimed, uuids.uuid7()) is StateType.CANCELLING
    ledger.write(conclude, claimed.flow_run_id, claimed.epoch, "").result()
    with pytest.raises(Conflict, match="is CANCELLED, and cannot begin"):
        begins(ledger, claimed, uuids.uuid7())


def test_a_run_that_is_gone_does_not_begin(ledger: Ledger, worker: Claimant) -> None:
    (claimed,) = take(ledger, worker)
    with pytest.raises(NotFound):
        begins(ledger, msgspec.structs.replace(claimed, flow_run_id=uuids.uuid7()), uuids.uuid7())


def test_a_process_that_dies_before_it_records_has_used_up_its_attempt(
    ledger: Ledger, worker: Claimant
) -> None:
    (claimed,) = take(ledger, worker)
    begins(ledger, claimed, uuids.uuid7())
    gone = [Ended(each, "it is gone", lapsed=False) for each in ledger.read(processes).result()]
    assert ledger.write(reap, gone, now_micros()).result().answer.runs == 1
    assert current(ledger, claimed.flow_run_id) == CurrentState(
        StateType.SCHEDULED, "AwaitingRetry", 2
    )
    (second,) = take(ledger, worker)
    assert (second.run_count, begins(ledger, second, uuids.uuid7())) == (2, StateType.PENDING)
