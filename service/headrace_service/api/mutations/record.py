"""Taking batches of records."""

from __future__ import annotations

import asyncio
import enum
from typing import Annotated

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.scalars import RecordBatchValue
from headrace_service.api.types.user_error import InvalidInput, UserError
from headrace_service.ledger import InvalidBatch
from headrace_service.ledger import OutOfOrder as LedgerOutOfOrder


@strawberry.type(description="A record that was not taken; the rest of its batch was.")
class RefusedRecord(UserError):
    """Why a record was refused."""

    index: int = strawberry.field(description="Its place in the batch, from 0.")


@strawberry.enum(name="ClaimLoss", description="Why a claimed run is no longer its process's.")
class ClaimLossType(enum.Enum):
    """What the process is to know before it ends."""

    SUPERSEDED = strawberry.enum_value(
        "SUPERSEDED", description="Somebody else has it, or will have: the process was silent."
    )
    ENDED = strawberry.enum_value(
        "ENDED", description="The run was ended, since the process was silent."
    )


@strawberry.type(description="A batch is committed.")
class RecordAck:
    """The answer to a batch."""

    number: int = strawberry.field(description="The batch's number.")
    accepted: int = strawberry.field(description="How many of its records were taken.")
    duplicate: bool = strawberry.field(
        description="Whether it had been taken before, so that nothing was changed now."
    )
    refused: list[RefusedRecord] = strawberry.field(description="The records not taken, and why.")
    lost: ClaimLossType | None = strawberry.field(
        description="Why the run of the batch's claim is no longer its process's, if it is not."
    )
    cancelling: list[strawberry.ID] = strawberry.field(
        description="The process's flow runs that are to end: those that no worker will end."
    )


@strawberry.type(description="A batch is missing before this one; nothing of it was taken.")
class OutOfOrder(UserError):
    """A hole in a stream."""

    expected: int = strawberry.field(description="The number of the batch that is due next.")


RecordResult = Annotated[
    RecordAck | OutOfOrder | InvalidInput,
    strawberry.union("RecordResult", description="What became of a batch of records."),
]


@strawberry.type(description="Taking batches of records.")
class RecordMutations:
    """Mutations by which runs are recorded."""

    @strawberry.mutation(
        description="Take a batch of records; the answer comes once they are committed."
    )
    async def record(
        self,
        info: Info,
        batch: Annotated[RecordBatchValue, strawberry.argument(description="The batch.")],
    ) -> RecordResult:
        """Hand a batch to the ledger."""
        try:
            ack = await asyncio.wrap_future(info.context.ledger.append_value(batch))
        except LedgerOutOfOrder as error:
            return OutOfOrder(
                code="OutOfOrder", message=str(error), field="number", expected=error.expected
            )
        except InvalidBatch as error:
            return InvalidInput.of(str(error), error.field)
        return RecordAck(
            number=ack.number,
            accepted=ack.accepted,
            duplicate=ack.duplicate,
            cancelling=[strawberry.ID(str(run_id)) for run_id in ack.cancelling],
            lost=None if ack.lost is None else ClaimLossType[ack.lost.value],
            refused=[
                RefusedRecord(
                    code=refused.code,
                    message=refused.message,
                    field=refused.field,
                    index=refused.index,
                )
                for refused in ack.refused
            ],
        )
