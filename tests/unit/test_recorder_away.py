"""The recorder while nobody answers: nothing is lost, nothing is overtaken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.recorder import Recorder, Settled, flusher
from headrace.records import RecordBatch
from tests.recorder_kit import (
    PATIENCE,
    Ledger,
    MemoryTransport,
    in_time,
    line,
    sleeps_for_good,
    until,
)

BOUND = 5_000


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def transport(ledger: Ledger) -> MemoryTransport:
    return MemoryTransport(ledger)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def recorder(transport: MemoryTransport, spool: Path) -> Iterator[Recorder]:
    made = Recorder(lambda: transport, spool, BOUND)
    yield made
    made.close(PATIENCE)


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def go_away(recorder: Recorder, transport: MemoryTransport, spool: Path) -> None:
    """Nobody answers from now on, and the recorder has noticed it."""
    transport.away.set()
    recorder.record(line(0))
    until(lambda: spool.is_dir() and any(spool.iterdir()), "there is a spool")


def test_records_wait_on_disk_and_are_sent_in_order(
    recorder: Recorder,
    transport: MemoryTransport,
    ledger: Ledger,
    spool: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_away(recorder, transport, spool)
    for number in range(1, 4_000):
        recorder.record(line(number))
    assert recorder.flush(0.1) is Settled.SPOOLED
    assert ledger.messages == []
    transport.away.clear()
    for number in range(4_000, 8_000):
        recorder.record(line(number))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(8_000)
    assert ledger.duplicates == 0
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert told == [
        f"memory://ledger is away (away); records are kept in {spool} and sent when it is back"
    ]
    recorder.close(PATIENCE)
    assert list(spool.iterdir()) == []


def test_a_caller_is_not_held_up_while_the_disk_takes_everything(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger, spool: Path
) -> None:
    go_away(recorder, transport, spool)
    for number in range(1, 10 * BOUND):
        recorder.record(line(number))
    assert recorder.flush(0.1) is Settled.SPOOLED
    transport.away.clear()
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(10 * BOUND)


def test_a_service_that_is_never_back_leaves_a_spool_for_the_next_process(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger, spool: Path
) -> None:
    transport.away.set()
    for number in range(3_000):
        recorder.record(line(number))
    assert recorder.close(0.3) is Settled.SPOOLED
    transport.away.clear()
    second = Recorder(lambda: MemoryTransport(ledger), spool, BOUND)
    second.replay_leftovers()
    assert second.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(3_000)
    assert list(spool.iterdir()) == []


def test_a_leftover_is_sent_by_one_of_many(
    transport: MemoryTransport, ledger: Ledger, spool: Path
) -> None:
    transport.away.set()
    for number in range(20):
        dead = Recorder(lambda: transport, spool, BOUND)
        dead.record(line(number))
        assert dead.close(0.0) is Settled.SPOOLED
    transport.away.clear()
    recorders = [Recorder(lambda: MemoryTransport(ledger), spool, BOUND) for _ in range(8)]
    for recorder in recorders:
        recorder.replay_leftovers()
    for recorder in recorders:
        recorder.close(PATIENCE)
    assert sorted(ledger.messages, key=int) == numbers(20)
    assert all(batch.replayed for batch in ledger.batches)
    assert ledger.duplicates == 0


def test_a_leftover_waits_while_the_service_goes_away_again(
    transport: MemoryTransport, ledger: Ledger, spool: Path
) -> None:
    transport.away.set()
    dead = Recorder(lambda: transport, spool, BOUND)
    for number in range(3_000):
        dead.record(line(number))
    assert dead.close(0.0) is Settled.SPOOLED
    second_transport = MemoryTransport(ledger)

    def go_away(batch: RecordBatch) -> None:
        second_transport.away.set()

    second_transport.after = go_away
    transport.away.clear()
    # The recorder's own transport answers, that of its replay falls silent after one batch.
    transports = [second_transport, transport]
    second = Recorder(lambda: transports.pop(), spool, BOUND)
    second.replay_leftovers()
    until(lambda: second_transport.sends >= 2, "the replay has noticed")
    assert second.close(0.0) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(len(ledger.batches[0].records))
    third = Recorder(lambda: MemoryTransport(ledger), spool, BOUND)
    third.replay_leftovers()
    third.close(PATIENCE)
    assert ledger.messages == numbers(3_000)


def test_nobody_waits_for_a_service_that_is_known_to_be_away(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger
) -> None:
    transport.away.set()
    for number in range(3):
        recorder.record(line(number))
        assert in_time(recorder.flush) is Settled.SPOOLED
    transport.away.clear()
    recorder.record(line(3))
    assert in_time(recorder.flush) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(4)


def test_a_service_that_is_restarted_is_waited_for(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger, spool: Path
) -> None:
    go_away(recorder, transport, spool)
    before = transport.connects

    def come_back() -> None:
        until(lambda: transport.connects > before, "one more try has failed")
        transport.away.clear()

    restart = threading.Thread(target=come_back)
    restart.start()
    assert in_time(recorder.flush) is Settled.ACKNOWLEDGED
    restart.join(PATIENCE)
    assert ledger.messages == ["0"]


def test_a_try_that_takes_long_is_not_repeated_for_everybody(
    recorder: Recorder, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flusher, "QUICK", 0.0)
    monkeypatch.setattr(flusher, "HOPE", 0.0)
    monkeypatch.setattr(flusher, "PATIENCE", (1, 0.0))
    monkeypatch.setattr(flusher, "BACKOFF", (3600.0, 3600.0))
    transport.away.set()
    recorder.record(line(0))
    assert in_time(recorder.flush) is Settled.SPOOLED
    tries = transport.sends + transport.connects
    for number in range(1, 3):
        recorder.record(line(number))
        assert in_time(recorder.flush) is Settled.SPOOLED
    assert transport.sends + transport.connects == tries


def test_the_end_does_not_wait_for_a_service_that_is_away(
    recorder: Recorder, transport: MemoryTransport
) -> None:
    transport.away.set()
    recorder.record(line(0))
    assert in_time(recorder.flush) is Settled.SPOOLED
    assert in_time(lambda: recorder.close(3600.0)) is Settled.SPOOLED


def test_a_send_that_hangs_does_not_hold_up_the_end(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger, spool: Path
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hang(batch: RecordBatch) -> None:
        reached.set()
        go_on.wait(PATIENCE)

    transport.before = hang
    recorder.record(line(0))
    assert reached.wait(PATIENCE)
    recorder.record(line(1))
    assert recorder.close(0.01) is Settled.SPOOLED
    go_on.set()  # it is taken after all: the replay of the same batch changes nothing
    second = Recorder(lambda: MemoryTransport(ledger), spool, BOUND)
    second.replay_leftovers()
    second.close(PATIENCE)
    until(lambda: ledger.messages == ["0", "1"], "both have arrived, once")


def test_without_a_disk_memory_keeps_what_it_may_and_callers_wait(
    transport: MemoryTransport, ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = tmp_path / "spool"
    spool.write_text("a file stands where the folder should")
    recorder = Recorder(lambda: transport, spool, 100)
    transport.away.set()
    recorded: list[int] = []

    def work() -> None:
        for number in range(1_000):
            recorder.record(line(number))
            recorded.append(number)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: "takes no records either" in caplog.text, "the disk has refused")
    assert recorder.flush(0.05) is Settled.TIMED_OUT
    assert len(recorded) < 1_000
    transport.away.clear()
    thread.join(PATIENCE)
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(1_000)


def test_a_disk_that_has_room_again_is_used(
    transport: MemoryTransport, ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = tmp_path / "spool"
    spool.write_text("a file stands where the folder should")
    recorder = Recorder(lambda: transport, spool, BOUND)
    transport.away.set()
    recorder.record(line(0))
    until(lambda: "takes no records either" in caplog.text, "the disk has refused")
    spool.unlink()
    until(lambda: recorder.flush(0.05) is Settled.SPOOLED, "the disk has taken it")
    transport.away.clear()
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0"]


def test_with_neither_service_nor_disk_the_loss_is_told(
    transport: MemoryTransport, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = tmp_path / "spool"
    spool.write_text("a file stands where the folder should")
    recorder = Recorder(lambda: transport, spool, BOUND)
    transport.away.set()
    for number in range(7):
        recorder.record(line(number))
    assert recorder.close(0.0) is Settled.TIMED_OUT
    assert "7 records are lost" in caplog.text


def test_after_an_end_in_failure_it_goes_on_as_if_it_were_new(
    transport: MemoryTransport, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = tmp_path / "spool"
    spool.write_text("a file stands where the folder should")
    recorder = Recorder(lambda: transport, spool, BOUND)
    transport.away.set()
    recorder.record(line(0))
    until(lambda: "takes no records either" in caplog.text, "the disk has refused")
    for number in range(1, 7):
        recorder.record(line(number))
    waiting = threading.Thread(target=recorder.flush)
    waiting.start()
    assert recorder.close(0.0) is Settled.TIMED_OUT
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    assert "7 records are lost" in caplog.text
    transport.away.clear()
    recorder.record(line(7))
    assert in_time(recorder.flush) is Settled.ACKNOWLEDGED
    assert transport.ledger.messages == ["7"]
    until(sleeps_for_good, "the recorder's thread sleeps without a limit")
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
