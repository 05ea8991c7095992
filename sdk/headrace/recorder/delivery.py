"""Handing batches to a transport, whatever it answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from uuid_utils.compat import uuid7

from headrace.cancellation import cancel
from headrace.recorder.batches import Batch, Renaming, emptied
from headrace.recorder.transport import (
    StreamGap,
    Transport,
    TransportRefused,
    TransportStumbled,
)
from headrace.records import BatchAck, ClaimLoss

logger = logging.getLogger("headrace.recorder")

#: How often in a row the other side may fail over one batch, until the batch is put aside: with the
#: pauses between the tries some fifteen seconds.
STUMBLES = 12


class Delivery:
    """Delivers batches in order and keeps account of what was refused.

    Args:
        transport: where to.
        aside: a folder for batches that nobody takes; a person may look at them there.
    """

    def __init__(self, transport: Transport, aside: Path) -> None:
        self.transport = transport
        self._aside = aside
        self._stumbles = 0
        self.refused = 0  #: records that were refused so far
        #: What is to hear, once, that the run of the process's claim is no longer its own.
        self.on_loss: Callable[[ClaimLoss], object] | None = None
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
            self._stumbles = 0
        except TransportStumbled as stumble:
            self._stumbles += 1
            if self._stumbles < STUMBLES:
                raise
            self._stumbles = 0
            self._give_up(batch, payload, TransportRefused(str(stumble), "InternalError"))
        except StreamGap as gap:
            self._tell(
                gap.code,
                "%s: the spool or the ledger has lost batches that it had; "
                "what comes now is recorded as a new stream",
                gap,
            )
            self._renaming.start(batch.payload)
            self._insist(batch, self._renaming.apply(batch.payload))
        except TransportRefused as refusal:
            self._give_up(batch, payload, refusal)

    def sum_up(self) -> None:
        """Say how many records were refused in all, if that is more than was told."""
        if self.refused > len(self._told):
            logger.warning("%d records were refused in all", self.refused)

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
        where = self._put_aside(payload)
        logger.error("%d records were refused (%s); %s", batch.records, refusal, where)

    def _put_aside(self, payload: bytes) -> str:
        """Keep a batch that nobody takes; where it is, in words."""
        path = self._aside / f"refused-{uuid7()}.json"
        try:
            self._aside.mkdir(parents=True, exist_ok=True)
            path.write_bytes(payload)
        except OSError as error:
            return f"they are lost: {path} cannot be written ({error.strerror or error})"
        return f"they are kept in {path}"

    def _account(self, ack: BatchAck) -> None:
        self.refused += len(ack.refused)
        if ack.cancelling:
            cancel(ack.cancelling)
        if ack.lost is not None and self.on_loss is not None:
            tell, self.on_loss = self.on_loss, None
            tell(ack.lost)
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
