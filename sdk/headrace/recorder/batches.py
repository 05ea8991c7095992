"""From records to numbered, encoded batches."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from headrace.records import (
    TERMINAL_STATES,
    EventEmitted,
    FlowRunChanged,
    LogLine,
    ProcessInfo,
    Record,
    RecordBatch,
    RunClaim,
    TaskRunCreated,
)

logger = logging.getLogger("headrace.recorder")

#: Batches longer than this (bytes) are halved, down to single records: a service takes a body of
#: 64 MB, and long log lines would make more of a thousand records.
MAX_PAYLOAD = 4 * 1024 * 1024

#: Values nested deeper than this are recorded as text, when they have to be mended.
MAX_DEPTH = 20

_encoder = msgspec.json.Encoder()


class Batch(msgspec.Struct):
    """An encoded batch on its way: `payload` is a `RecordBatch` as JSON, `records` its length."""

    payload: bytes
    records: int


class _Envelope(msgspec.Struct, omit_defaults=True):
    """A `RecordBatch` whose records stay encoded."""

    client_id: UUID
    number: int
    records: msgspec.Raw
    process: ProcessInfo | None = None
    replayed: bool = False
    claim: RunClaim | None = None


_envelope = msgspec.json.Decoder(_Envelope).decode


class Stream:
    """One client's stream: gives its batches their numbers, from 1 and without a hole.

    Args:
        process: the process that has it, which is told for as long as it has open runs.
    """

    def __init__(self, process: ProcessInfo | None = None) -> None:
        self.client_id: UUID = uuid7()
        self._number = 0
        self._process = process
        #: The runs that have not ended, each with the flow run that it belongs to.
        self._open: dict[UUID, UUID | None] = {}
        #: The run that this process was started for, once it has told of it.
        self._claim: RunClaim | None = None

    @property
    def has_open_runs(self) -> bool:
        """Whether there are runs that depend on the life of this process."""
        return bool(self._open)

    @property
    def process(self) -> ProcessInfo | None:
        """The process that has it."""
        return self._process

    def take(self, claim: RunClaim) -> None:
        """The process has begun a run that it was given: one that is open from now on."""
        self._claim = claim
        self._open.setdefault(claim.flow_run_id, None)

    def hold(self, run_ids: Iterable[UUID]) -> None:
        """Runs are open from now on, though nothing was recorded of them."""
        for run_id in run_ids:
            self._open.setdefault(run_id, None)

    def let_go(self, run_ids: Iterable[UUID]) -> None:
        """Runs are no concern of the process after all."""
        for run_id in run_ids:
            self._open.pop(run_id, None)

    def encode(self, records: list[Record]) -> list[Batch]:
        """The next batch of the stream; several if one would be too long.

        A record that JSON cannot hold is mended if it can be, and left out with a warning if not.
        """
        self._follow(records)
        return self._encode(records)

    def heartbeat(self) -> Batch:
        """A batch without records: the process lives."""
        payload = self._payload([])
        self._number += 1
        return Batch(payload, 0)

    def _encode(self, records: list[Record]) -> list[Batch]:
        try:
            payload = self._payload(records)
        except Exception:  # whatever a user's value raises: it must not stop the stream
            records = list(_mended(records))
            payload = self._payload(records)
        if len(payload) > MAX_PAYLOAD and len(records) > 1:
            middle = len(records) // 2
            return self._encode(records[:middle]) + self._encode(records[middle:])
        if not records:
            return []
        self._number += 1
        return [Batch(payload, len(records))]

    def _payload(self, records: list[Record]) -> bytes:
        process = self._process if self._open else None
        number, claim = self._number + 1, self._claim
        return _encoder.encode(RecordBatch(self.client_id, number, records, process, claim=claim))

    def _follow(self, records: list[Record]) -> None:
        """Note which runs are open once these records are taken."""
        opened = self._open
        for record in records:
            if isinstance(record, LogLine | EventEmitted):
                continue
            if isinstance(record, FlowRunChanged) and record.epoch is not None:
                self._claim = RunClaim(record.id, record.epoch)
            if record.state.type not in TERMINAL_STATES:
                if isinstance(record, TaskRunCreated):
                    opened[record.id] = record.flow_run_id
                else:
                    opened.setdefault(record.id, None)
            else:
                opened.pop(record.id, None)
                if opened and isinstance(record, FlowRunChanged):
                    self._close_within(record.id)

    def _close_within(self, flow_run_id: UUID) -> None:
        """A flow run has ended, and with it its task runs: other processes told of their ends."""
        for run_id in [key for key, owner in self._open.items() if owner == flow_run_id]:
            del self._open[run_id]


class Renaming:
    """Batches of a stream that its ledger no longer knows go on as a new stream.

    A ledger that was replaced by an older copy misses batches that it once acknowledged. Nobody
    can send those again; what comes after them is renumbered from 1 under a new client id.
    """

    def __init__(self) -> None:
        self._streams: dict[UUID, tuple[UUID, int]] = {}

    def start(self, payload: bytes, *, after: bool = False) -> None:
        """From this batch on, or from the one after it, its stream bears another name."""
        envelope = _envelope(payload)
        self._streams[envelope.client_id] = (uuid7(), envelope.number - (not after))

    def apply(self, payload: bytes) -> bytes:
        """The batch under the name that its stream now has."""
        if not self._streams:
            return payload
        envelope = _envelope(payload)
        renamed = self._streams.get(envelope.client_id)
        if renamed is None or envelope.number <= renamed[1]:
            return payload
        envelope.client_id, offset = renamed
        envelope.number -= offset
        return _encoder.encode(envelope)


def emptied(payload: bytes) -> bytes:
    """The same batch without its records: it keeps the place of one that was refused."""
    envelope = _envelope(payload)
    envelope.records = msgspec.Raw(b"[]")
    return _encoder.encode(envelope)


def replayed(payload: bytes) -> bytes:
    """The same batch, told by somebody else than its process, which has ended."""
    envelope = _envelope(payload)
    envelope.replayed = True
    return _encoder.encode(envelope)


def _mended(records: list[Record]) -> Iterator[Record]:
    """The records, each in a form that JSON can hold."""
    for record in records:
        try:
            _encoder.encode(record)
        except Exception as error:
            try:
                plain = _plain(msgspec.structs.asdict(record))
                yield msgspec.convert(plain, type(record), strict=False)
            except Exception:  # not even its text can be had
                logger.warning("a record was left out, it cannot be encoded: %s", error)
        else:
            yield record


def _plain(value: Any, depth: int = 0) -> Any:
    """`value` made of what JSON knows; anything else becomes its text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if depth > MAX_DEPTH:  # or endless, being a part of itself
        return _plain(repr(value))
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.structs.asdict(value), depth + 1)
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in value]
    try:
        _encoder.encode(value)
    except Exception:
        return _plain(repr(value))
    return value
