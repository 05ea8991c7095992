"""What the recorder's tests record to: a transport that keeps batches in memory.

It is written against the `Transport` protocol, like the two real ones; those have the same contract
in `integration/test_transports.py`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import msgspec

from headrace.recorder import StreamGap, TransportAway
from headrace.records import (
    BatchAck,
    ClaimLoss,
    LogLine,
    ProcessInfo,
    RecordBatch,
    RefusedRecord,
    RunClaim,
    StateType,
)
from tests.builders import log_line

#: Seconds that a test waits for a thread before it fails; none waits so long when all is well.
PATIENCE = 60.0

T = TypeVar("T")

decode = msgspec.json.Decoder(RecordBatch).decode


class Ledger:
    """Batches, each taken once and in order, in memory; `lost` is told with each."""

    def __init__(self) -> None:
        self.lost: ClaimLoss | None = None
        self.batches: list[RecordBatch] = []
        self.duplicates = 0
        self.last: dict[UUID, int] = {}

    def take(self, batch: RecordBatch) -> BatchAck:
        """Take the next batch of a stream, or say that it was taken."""
        last = self.last.get(batch.client_id)
        if last is not None and batch.number <= last:
            self.duplicates += 1
            return BatchAck(batch.number, len(batch.records), duplicate=True)
        if last is not None and batch.number > last + 1:
            raise StreamGap(f"batch {batch.number} came before batch {last + 1}", last + 1)
        self.last[batch.client_id] = batch.number
        self.batches.append(batch)
        refused = [
            RefusedRecord(index, "Conflict", "not wanted", "message")
            for index, record in enumerate(batch.records)
            if isinstance(record, LogLine) and record.message.startswith("refuse")
        ]
        return BatchAck(batch.number, len(batch.records) - len(refused), refused, lost=self.lost)

    @property
    def messages(self) -> list[str]:
        """The messages of all log lines, in the order in which they were taken."""
        records = [record for batch in self.batches for record in batch.records]
        return [record.message for record in records if isinstance(record, LogLine)]


class MemoryTransport:
    """A transport to a `Ledger` in memory that can be made to fail.

    Attributes:
        away: while set, nobody answers.
        before: called with each batch before it is taken; may raise, may wait.
        after: called with each batch after it was taken; may raise, as when an answer is lost.
        sends: how often a batch was sent.
        connects: how often it was asked whether somebody is there, as after a failure.
        sent: released with each send.
    """

    target = "memory://ledger"

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.away = threading.Event()
        self.before: Callable[[RecordBatch], None] = lambda batch: None
        self.after: Callable[[RecordBatch], None] = lambda batch: None
        self.sent = threading.Semaphore(0)
        self.sends = 0
        self.connects = 0
        self.closed = 0

    def connect(self) -> None:
        """See `Transport.connect`."""
        self.connects += 1
        if self.away.is_set():
            raise TransportAway("away")

    def send(self, payload: bytes) -> BatchAck:
        """See `Transport.send`."""
        self.sends += 1
        self.sent.release()
        if self.away.is_set():
            raise TransportAway("away")
        batch = decode(payload)
        self.before(batch)
        ack = self.ledger.take(batch)
        self.after(batch)
        return ack

    def begin(self, claim: RunClaim, client_id: UUID, process: ProcessInfo) -> StateType:
        """See `Transport.begin`; every run is given, to whoever asks."""
        return StateType.PENDING

    def close(self) -> None:
        """See `Transport.close`."""
        self.closed += 1


def line(number: int) -> LogLine:
    """A log line that bears a number."""
    return log_line(None, str(number))


def in_time(call: Callable[[], T]) -> T:
    """What a call returns that should not wait for anything, and might wait for ever."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(call()), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert results, "it does not return"
    return results[0]


def sleeps_for_good() -> bool:
    """Whether the recorder's thread has nothing to do until somebody wakes it."""
    (ident,) = [t.ident for t in threading.enumerate() if t.name == "headrace-recorder"]
    assert ident is not None
    frame = sys._current_frames()[ident]
    return frame.f_code.co_name == "wait" and frame.f_locals.get("timeout", 0) is None


def until(condition: Callable[[], bool], description: str) -> None:
    """Wait until another thread or process has brought the condition about."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {description}")
        pause.wait(0.002)
