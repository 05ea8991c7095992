"""Taking, keeping and giving back slots for all threads of a process at once.

What one thread asks is cheap for the ledger, and would be dear as a request of typed inputs: so
this is one scalar each way, as batches of records are.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
import strawberry

from headrace.records import SlotAnswer, SlotExchange, SlotRequest
from headrace_service.api.context import Info
from headrace_service.api.scalars import SlotExchangeValue, SlotNewsValue
from headrace_service.api.types.user_error import InvalidInput


class _Lease(msgspec.Struct):
    lease_id: UUID


_exchange = msgspec.json.Decoder(SlotExchange).decode
_request = msgspec.json.Decoder(SlotRequest).decode
_lease = msgspec.json.Decoder(_Lease).decode


@strawberry.type(description="An exchange about slots has taken place.")
class SlotsExchanged:
    """The answer to an exchange."""

    news: SlotNewsValue = strawberry.field(description="What came of it, and what is new.")


ExchangeResult = Annotated[
    SlotsExchanged | InvalidInput,
    strawberry.union("ExchangeSlotsResult", description="What came of an exchange about slots."),
]


@strawberry.type(description="Slots of concurrency limits, for all threads of a process.")
class SlotExchangeMutations:
    """The mutation by which processes take slots."""

    @strawberry.mutation(
        description="Take, renew and give back slots for all threads of a process at once, and "
        "hear of those who wait. To be tried again when its answer was lost."
    )
    async def exchange_slots(
        self,
        info: Info,
        exchange: Annotated[
            SlotExchangeValue, strawberry.argument(description="What the process asks.")
        ],
    ) -> ExchangeResult:
        """Do what is asked, and tell what is new."""
        text = exchange if isinstance(exchange, bytes) else msgspec.json.encode(exchange)
        try:
            asked = _exchange(text)
            requests, refused = _decoded(asked.acquire)
        except msgspec.DecodeError as error:
            return InvalidInput.of(str(error), "exchange")
        news = await info.context.ledger.exchanges.exchange(
            requests, asked.release, asked.renew, asked.waiting, asked.wait_seconds
        )
        news.answers.update(refused)
        return SlotsExchanged(news=SlotNewsValue(news))


def _decoded(raw: list[msgspec.Raw]) -> tuple[list[SlotRequest], dict[UUID, SlotAnswer]]:
    """The requests that make sense, and the answers to the others.

    Raises:
        msgspec.DecodeError: one does not even say which lease it is about.
    """
    requests, refused = [], {}
    for each in raw:
        try:
            requests.append(_request(each))
        except msgspec.ValidationError as error:
            refused[_lease(each).lease_id] = SlotAnswer(False, refused=str(error))
    return requests, refused
