"""A process with open runs is heard of though nothing happens; one without is quiet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import uuid_utils.compat as uuids

from headrace.recorder import Recorder, Settled
from headrace.records import ClaimLoss, FlowRunChanged, ProcessInfo, RecordBatch, RunClaim
from tests.builders import enters, flow_run, state, task_run
from tests.recorder_kit import PATIENCE, MemoryTransport, line, sleeps_for_good, until
from tests.recorder_kit import Ledger as MemoryLedger

HERE = ProcessInfo("mill", 7, "identity", 15.0)


@pytest.fixture
def batches() -> list[RecordBatch]:
    return []


@pytest.fixture
def recorder(tmp_path: Path, batches: list[RecordBatch]) -> Iterator[Recorder]:
    transport = MemoryTransport(MemoryLedger())
    transport.before = batches.append
    made = Recorder(lambda: transport, tmp_path / "spool", 5_000, lambda: HERE, heartbeat=0.01)
    yield made
    made.close(PATIENCE)


def test_it_beats_while_a_run_is_open(recorder: Recorder, batches: list[RecordBatch]) -> None:
    run = flow_run()
    recorder.record(run)
    until(lambda: len(batches) > 3, "it beats")
    assert all(batch.process == HERE for batch in batches)
    assert [batch.records for batch in batches[1:3]] == [[], []]
    recorder.record(enters(run, state("COMPLETED")))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert batches[-1].process is None
    until(sleeps_for_good, "it is quiet")


def test_it_beats_once_it_was_given_a_run_though_it_records_nothing(
    recorder: Recorder, batches: list[RecordBatch]
) -> None:
    claim = RunClaim(uuids.uuid7(), 1)
    recorder.begin(claim, lambda loss: None)
    until(lambda: len(batches) > 2, "it beats")
    assert all(
        (batch.process, batch.claim, batch.records) == (HERE, claim, []) for batch in batches
    )
    recorder.record(FlowRunChanged(claim.flow_run_id, state("COMPLETED"), 1))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert batches[-1].process is None


def test_what_became_of_its_claim_is_told_once(tmp_path: Path) -> None:
    ledger, losses = MemoryLedger(), list[ClaimLoss]()
    ledger.lost = ClaimLoss.SUPERSEDED
    transport = MemoryTransport(ledger)
    recorder = Recorder(lambda: transport, tmp_path / "spool", 5_000, lambda: HERE, heartbeat=0.01)
    claim = RunClaim(uuids.uuid7(), 1)
    recorder.begin(claim, losses.append)
    until(lambda: bool(losses), "it is told")
    recorder.record(FlowRunChanged(claim.flow_run_id, state("CRASHED"), 1))
    recorder.close(PATIENCE)
    assert losses == [ClaimLoss.SUPERSEDED]


def test_log_lines_alone_need_no_heartbeat(recorder: Recorder, batches: list[RecordBatch]) -> None:
    recorder.record(line(1))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    until(sleeps_for_good, "it is quiet")
    assert [batch.process for batch in batches] == [None]


def test_task_runs_whose_end_another_process_tells_end_with_their_flow_run(
    recorder: Recorder, batches: list[RecordBatch]
) -> None:
    run = flow_run()
    recorder.record(run)
    recorder.record(task_run(run))
    recorder.record(enters(run, state("COMPLETED")))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert batches[-1].process is None
