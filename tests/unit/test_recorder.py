"""The recorder: in order, once, without holding up the caller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.recorder import Recorder, Settled, TransportAway
from headrace.records import RecordBatch
from tests.recorder_kit import PATIENCE, Ledger, MemoryTransport, line, sleeps_for_good, until

BOUND = 5_000


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def transport(ledger: Ledger) -> MemoryTransport:
    return MemoryTransport(ledger)


@pytest.fixture
def recorder(transport: MemoryTransport, tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(lambda: transport, tmp_path / "spool", BOUND)
    yield made
    made.close(PATIENCE)


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def stop_at_first(transport: MemoryTransport) -> tuple[threading.Event, threading.Event]:
    """Let the first send wait: events that tell that it does, and that let it go on."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(batch: RecordBatch) -> None:
        reached.set()
        assert go_on.wait(PATIENCE)

    transport.before = wait
    return reached, go_on


def test_everything_arrives_once_and_in_order(recorder: Recorder, ledger: Ledger) -> None:
    for number in range(2_500):
        recorder.record(line(number))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(2_500)
    assert [batch.number for batch in ledger.batches] == list(range(1, len(ledger.batches) + 1))
    assert len({batch.client_id for batch in ledger.batches}) == 1


def test_nothing_to_flush(recorder: Recorder, ledger: Ledger) -> None:
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.batches == []


def test_records_arrive_without_a_flush(recorder: Recorder, ledger: Ledger) -> None:
    recorder.record(line(0))
    until(lambda: ledger.messages == ["0"], "the record has arrived")


def test_a_backlog_goes_in_full_batches(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger
) -> None:
    reached, go_on = stop_at_first(transport)
    recorder.record(line(0))
    assert reached.wait(PATIENCE)
    for number in range(1, 3_501):
        recorder.record(line(number))
    go_on.set()
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert [len(batch.records) for batch in ledger.batches] == [1, 1_000, 1_000, 1_000, 500]


def test_a_flush_waits_for_what_was_before_it(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger
) -> None:
    reached, go_on = stop_at_first(transport)
    recorder.record(line(0))
    assert reached.wait(PATIENCE)
    recorder.record(line(1))
    assert recorder.flush(0.01) is Settled.TIMED_OUT
    go_on.set()
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0", "1"]


def test_many_threads_may_record_and_flush(recorder: Recorder, ledger: Ledger) -> None:
    settled = []

    def work(worker: int) -> None:
        for number in range(1_000):
            recorder.record(line(worker * 1_000 + number))
        settled.append(recorder.flush(PATIENCE))

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join(PATIENCE)
    assert settled == [Settled.ACKNOWLEDGED] * 8
    assert sorted(ledger.messages, key=int) == numbers(8_000)
    for worker in range(8):
        own = [int(text) for text in ledger.messages if int(text) // 1_000 == worker]
        assert own == sorted(own)


def test_an_idle_recorder_sleeps_until_it_is_woken(recorder: Recorder) -> None:
    recorder.record(line(0))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    until(sleeps_for_good, "the recorder's thread sleeps without a limit")


def test_a_caller_is_held_up_at_the_bound(transport: MemoryTransport, tmp_path: Path) -> None:
    recorder = Recorder(lambda: transport, tmp_path, 10)
    reached, go_on = stop_at_first(transport)
    recorder.record(line(0))
    assert reached.wait(PATIENCE)
    recorded: list[int] = []

    def work() -> None:
        for number in range(1, 101):
            recorder.record(line(number))
            recorded.append(number)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: len(recorded) == 9, "the buffer is full")
    assert recorder.flush(0.05) is Settled.TIMED_OUT
    assert len(recorded) == 9
    go_on.set()
    thread.join(PATIENCE)
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert transport.ledger.messages == numbers(101)
    assert max(len(batch.records) for batch in transport.ledger.batches) <= 10


def test_an_answer_that_was_lost_does_no_harm(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger
) -> None:
    def lose(batch: RecordBatch) -> None:
        transport.after = lambda batch: None
        raise TransportAway("the connection broke before the answer")

    transport.after = lose
    for number in range(10):
        recorder.record(line(number))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(10)
    assert ledger.duplicates == 1


def test_closing_flushes_and_may_be_repeated(
    recorder: Recorder, transport: MemoryTransport, ledger: Ledger
) -> None:
    recorder.record(line(0))
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0"]
    assert transport.closed == 1
    assert not [t for t in threading.enumerate() if t.name == "headrace-recorder"]


def test_a_record_after_the_end_begins_a_new_stream(recorder: Recorder, ledger: Ledger) -> None:
    recorder.record(line(0))
    recorder.close(PATIENCE)
    recorder.record(line(1))
    assert recorder.flush(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == ["0", "1"]
    assert [batch.number for batch in ledger.batches] == [1, 1]


def test_it_works_while_no_thread_can_be_started(
    recorder: Recorder, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for number in range(2 * BOUND):
        recorder.record(line(number))
    assert recorder.close(PATIENCE) is Settled.ACKNOWLEDGED
    assert ledger.messages == numbers(2 * BOUND)
