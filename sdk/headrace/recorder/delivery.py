"""Handing batches to a transport, whatever it answers."""

from __future__ import annotations

import logging

from headrace.recorder.batches import Batch, Renaming, emptied
from headrace.recorder.transport import StreamGap, Transport, TransportRefused
from headrace.records import BatchAck

logger = logging.getLogger("headrace.recorder")


class Delivery:
    """Delivers batches in order and keeps account of what was refused."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.refused = 0  #: records that were refused so far
        self._renaming = Renaming()
        self._told: set[str] = set()

    def deliver(self, batch: Batch) -> None:
        """Hand over a batch. A refusal is counted and told once; the stream goes on after it.

        Raises:
            TransportAway: nobody answered; deliver the same batch again later.
        """
        payload = self._renaming.apply(batch.payload)
        try:
            self._account(self.transport.send(payload))
        except StreamGap as gap:
            self._tell(
                gap.code,
                "%s: the ledger has lost batches that it had acknowledged; "
                "what comes now is recorded as a new stream",
                gap,
            )
            self._renaming.start(batch.payload)
            self._insist(batch, self._renaming.apply(batch.payload))
        except TransportRefused as refusal:
            self._give_up(batch, payload, refusal)

    def _insist(self, batch: Batch, payload: bytes) -> None:
        try:
            self._account(self.transport.send(payload))
        except TransportRefused as refusal:
            self._give_up(batch, payload, refusal)

    def _give_up(self, batch: Batch, payload: bytes, refusal: TransportRefused) -> None:
        """Leave the batch's records out, but keep its place, so that no hole is in the stream."""
        try:
            self.transport.send(emptied(payload))
        except TransportRefused:
            self._renaming.start(batch.payload, after=True)
        self.refused += batch.records
        self._tell(f"batch {refusal.code}", "%d records were refused: %s", batch.records, refusal)

    def _account(self, ack: BatchAck) -> None:
        self.refused += len(ack.refused)
        for refused in ack.refused:
            self._tell(
                refused.code,
                "a record was refused, %s%s (more of this kind are only counted)",
                refused.message,
                f" ({refused.field})" if refused.field else "",
            )

    def _tell(self, kind: str, message: str, *values: object) -> None:
        if kind not in self._told:
            self._told.add(kind)
            logger.warning(message, *values)
