"""Append a batch of records: the rows, their events and the answer, in one transaction."""

from __future__ import annotations

from uuid import UUID

import msgspec
import peewee

from headrace.records import BatchAck, ClaimLoss, RecordBatch, StateType, now_micros
from headrace_service.ledger.decode import DecodedBatch
from headrace_service.ledger.errors import OutOfOrder
from headrace_service.ledger.fold import Fold
from headrace_service.ledger.guesses import is_guess
from headrace_service.ledger.leases import renew_lease
from headrace_service.ledger.models import Batch, FlowRun
from headrace_service.ledger.queries.retained import may_be_forgotten
from headrace_service.ledger.statements import Statement, put

_TO_CANCEL = Statement(
    'SELECT "id" FROM "flow_run" WHERE "state_type" = \'CANCELLING\' AND "client_id" = ? '
    'AND "deployment_id" IS NULL'
)

_json = msgspec.json.Encoder()


def append(db: peewee.Database, decoded: DecodedBatch) -> BatchAck:
    """Take a batch: all of its sound records, or none when it came before.

    Args:
        db: the writer's database, inside a transaction.
        decoded: the batch, and what decoding it refused.

    Returns:
        What was taken and what was refused and why; for a batch that was taken before, what was
        answered then.

    Raises:
        OutOfOrder: a batch is missing before this one, and not because it was long ago.
    """
    batch, now = decoded.batch, now_micros()
    earlier = _earlier_answer(db, batch)
    if earlier is not None:
        return earlier
    fold = Fold(db, decoded)
    lost = _lost(db, batch)
    if lost is ClaimLoss.SUPERSEDED:
        assert batch.claim is not None
        reason = f"claim {batch.claim.epoch} of flow run {batch.claim.flow_run_id} was superseded"
        fold.refuse_all("Conflict", reason, "claim")
    else:
        fold.take_all()
    fold.write()
    renew_lease(db, batch, now)
    ack = BatchAck(
        number=batch.number,
        accepted=len(batch.records) + len(decoded.refused) - len(fold.refused),
        refused=fold.refused,
        lost=lost,
        cancelling=_to_cancel(db, batch),
    )
    row = {
        Batch.client_id: batch.client_id,
        Batch.number: batch.number,
        Batch.answer: _json.encode(ack),
        Batch.at: now,
    }
    put(db, Batch, row)
    return ack


def _lost(db: peewee.Database, batch: RecordBatch) -> ClaimLoss | None:
    """Whether the run that a process was started for is no longer its own."""
    claim = batch.claim
    if claim is None or batch.replayed:
        return None
    run_id = claim.flow_run_id
    query = FlowRun.select(FlowRun.epoch, FlowRun.state_type).where(FlowRun.id == run_id)
    for epoch, kind in query.tuples().execute(db):
        if epoch != claim.epoch:
            return ClaimLoss.SUPERSEDED
        if StateType(kind).is_terminal and is_guess(db, FlowRun, run_id, batch.client_id):
            return ClaimLoss.ENDED
    return None  # it is, or there is no such run: what that means is for the records to tell


def _to_cancel(db: peewee.Database, batch: RecordBatch) -> list[UUID]:
    """The process's flow runs that somebody wants cancelled, and that no worker will end."""
    if batch.process is None or batch.replayed:
        return []
    found = _TO_CANCEL.run(db, batch.client_id.bytes).fetchall()
    return [UUID(bytes=bytes(run_id)) for (run_id,) in found]


def _earlier_answer(db: peewee.Database, batch: RecordBatch) -> BatchAck | None:
    """What was answered to the batch if it came before.

    A spool may be sent after so long that its stream is forgotten: it goes on where it is.
    """
    query = Batch.select(Batch.number, Batch.answer).where(Batch.client_id == batch.client_id)
    row = query.tuples().execute(db)[:1]
    number, answer = row[0] if row else (0, b"")
    if batch.number > number + 1 and (row or not may_be_forgotten(db, batch.client_id)):
        raise OutOfOrder(expected=number + 1, number=batch.number)
    if batch.number == number:
        return msgspec.structs.replace(msgspec.json.decode(answer, type=BatchAck), duplicate=True)
    if batch.number < number:
        return BatchAck(number=batch.number, accepted=len(batch.records), duplicate=True)
    return None
