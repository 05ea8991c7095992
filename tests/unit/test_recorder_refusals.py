"""The recorder and what cannot be taken: the rest goes on, and nothing is lost in silence."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uuid_utils.compat as uuids

from headrace.recorder import Recorder, Settled, TransportRefused, TransportStumbled
from headrace.recorder.batches import MAX_PAYLOAD, Stream
from headrace.recorder.delivery import STUMBLES
from headrace.records import (
    FlowRunChanged,
    FlowRunCreated,
    LogLine,
    Record,
    RecordBatch,
    RunClaim,
)
from tests.builders import flow_run, log_line, state
from tests.recorder_kit import PATIENCE, Ledger, MemoryTransport, decode, line


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def transport(ledger: Ledger) -> MemoryTransport:
    return MemoryTransport(ledger)


@pytest.fixture
def recorder(transport: MemoryTransport, tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(lambda: transport, tmp_path / "spool", 5_000)
    yield made
    made.close(PATIENCE)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def test_refused_records_are_counted_and_told_once(
    recorder: Recorder, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("a", "refuse 1", "b", "refuse 2"):
        recorder.record(log_line(None, text))
        assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert recorder.refused == 2
    assert warnings(caplog) == [
        "a record was refused, not wanted (message) (more of this kind are only counted)"
    ]


def test_the_stream_goes_on_after_a_refused_batch(
    recorder: Recorder,
    transport: MemoryTransport,
    ledger: Ledger,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    def refuse(batch: RecordBatch) -> None:
        if any(isinstance(r, LogLine) and r.message == "1" for r in batch.records):
            raise TransportRefused("too strange")

    transport.before = refuse
    for number in range(4):
        recorder.record(line(number))
        assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0", "2", "3"]
    assert [(b.number, len(b.records)) for b in ledger.batches] == [(1, 1), (2, 0), (3, 1), (4, 1)]
    assert recorder.refused == 1
    (told,) = warnings(caplog)
    assert told.startswith("1 records were refused (too strange); they are kept in ")
    (kept,) = (tmp_path / "spool").glob("refused-*.json")
    assert [r.message for r in decode(kept.read_bytes()).records if isinstance(r, LogLine)] == ["1"]


def test_a_batch_that_the_ledger_fails_over_is_put_aside_in_the_end(
    recorder: Recorder,
    transport: MemoryTransport,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("headrace.recorder.flusher.BACKOFF", (0.001, 0.002))
    tries = 0

    def stumble(batch: RecordBatch) -> None:
        nonlocal tries
        if any(isinstance(r, LogLine) and r.message == "1" for r in batch.records):
            tries += 1
            raise TransportStumbled("a bug over there")

    transport.before = stumble
    for number in range(3):
        recorder.record(line(number))
        recorder.flush(PATIENCE)
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert tries == STUMBLES
    assert ledger.messages == ["0", "2"]
    assert len(list((tmp_path / "spool").glob("refused-*.json"))) == 1


def test_a_passing_fault_of_the_ledger_costs_nothing(
    recorder: Recorder,
    transport: MemoryTransport,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headrace.recorder.flusher.BACKOFF", (0.001, 0.002))
    faults = iter(range(STUMBLES - 1))

    def stumble(batch: RecordBatch) -> None:
        if next(faults, None) is not None:
            raise TransportStumbled("a passing fault")

    transport.before = stumble
    recorder.record(line(0))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0"]
    assert recorder.refused == 0


def test_the_stream_goes_on_when_not_even_its_place_can_be_kept(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger
) -> None:
    def refuse(batch: RecordBatch) -> None:
        if batch.number == 2:
            raise TransportRefused("no two")

    transport.before = refuse
    for number in range(3):
        recorder.record(line(number))
        recorder.flush(PATIENCE)
    assert ledger.messages == ["0", "2"]
    assert [batch.number for batch in ledger.batches] == [1, 1]


def test_a_ledger_that_has_forgotten_batches_gets_the_rest_as_a_new_stream(
    recorder: Recorder,
    transport: MemoryTransport,
    ledger: Ledger,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(3):
        recorder.record(line(number))
        recorder.flush(PATIENCE)
    del ledger.batches[1:]
    ledger.last = dict.fromkeys(ledger.last, 1)  # an older copy was put back
    for number in range(3, 6):
        recorder.record(line(number))
        assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0", "3", "4", "5"]
    assert [batch.number for batch in ledger.batches] == [1, 1, 2, 3]
    (told,) = warnings(caplog)
    assert "has lost batches" in told


def test_a_fault_of_the_recorder_itself_is_told_and_survived(
    recorder: Recorder,
    transport: MemoryTransport,
    ledger: Ledger,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(batch: RecordBatch) -> None:
        transport.before = lambda batch: None
        raise RuntimeError("a bug")

    transport.before = stumble
    recorder.record(line(0))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0"]
    assert "stumbled" in caplog.text


# -- what JSON cannot hold -------------------------------------------------------------------------


class Strange:
    def __repr__(self) -> str:
        return "<strange>"


def mended_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    created = msgspec.structs.replace(flow_run(), parameters=parameters)
    (batch,) = Stream().encode([line(1), created, line(2)])
    first, mended, last = decode(batch.payload).records
    assert (first, last) == (line(1), line(2))
    assert isinstance(mended, FlowRunCreated)
    assert (mended.id, mended.state) == (created.id, created.state)
    return mended.parameters


@pytest.mark.parametrize(
    ("value", "mended"),
    [
        (Strange(), "<strange>"),
        ([1, {"a": Strange()}], [1, {"a": "<strange>"}]),
        ({(1, 2): "a"}, {"(1, 2)": "a"}),
        ("half a pair: \ud800", "half a pair: ?"),
    ],
)
def test_values_that_json_does_not_know_become_text(value: object, mended: object) -> None:
    assert mended_parameters({"x": value}) == {"x": mended}


def test_a_value_that_contains_itself() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert "[[...]]" in str(mended_parameters({"x": endless})["x"])


def test_a_log_line_with_half_a_surrogate_pair() -> None:
    (batch,) = Stream().encode([log_line(None, "a name: \udcff")])
    (mended,) = decode(batch.payload).records
    assert isinstance(mended, LogLine)
    assert mended.message == "a name: ?"


class Unspeakable:
    def __repr__(self) -> str:
        raise ValueError("not even this")


def test_what_cannot_be_mended_is_left_out_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    created = msgspec.structs.replace(flow_run(), parameters={"x": Unspeakable()})
    (batch,) = Stream().encode([line(1), created, line(2)])
    assert decode(batch.payload).records == [line(1), line(2)]
    assert "left out" in caplog.text
    assert Stream().encode([created]) == []


def test_long_batches_are_halved() -> None:
    lines = [log_line(None, "x" * 60_000) for _ in range(200)]
    batches = Stream().encode(list(lines))
    assert [decode(batch.payload).number for batch in batches] == list(range(1, len(batches) + 1))
    assert [r for batch in batches for r in decode(batch.payload).records] == lines
    assert max(len(batch.payload) for batch in batches) <= MAX_PAYLOAD
    assert sum(batch.records for batch in batches) == 200


def test_batches_name_the_claim_that_their_process_was_started_for() -> None:
    stream, run_id = Stream(), uuids.uuid7()
    begun = FlowRunChanged(run_id, state("RUNNING"), 3)

    def claim_of(*records: Record) -> RunClaim | None:
        (batch,) = stream.encode(list(records))
        return msgspec.json.decode(batch.payload, type=RecordBatch).claim

    assert claim_of(log_line(None)) is None
    assert claim_of(begun) == RunClaim(run_id, 3)
    assert claim_of(log_line(None)) == RunClaim(run_id, 3)
