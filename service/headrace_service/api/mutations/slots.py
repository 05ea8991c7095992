"""Taking, keeping and giving back slots of concurrency limits."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import msgspec
import strawberry

from headrace.records import SlotHolder, SlotRequest
from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import some
from headrace_service.api.types.user_error import InvalidInput, UserError

#: Seconds for which one request may wait for slots; who waits longer asks again.
LONGEST_WAIT = 30.0
#: Seconds that a lease may last.
LONGEST_LEASE = 10_000_000


@strawberry.input(description="Who holds slots, or waits for them.")
class SlotHolderInput:
    """A holder."""

    host: str = strawberry.field(description="The machine that it is on.")
    pid: int = strawberry.field(description="The number of its process there.")
    flow_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The flow run that the slots are for."
    )
    task_run_id: strawberry.ID | None = strawberry.field(
        default=None, description="The task run that the slots are for."
    )
    client_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The stream of record batches with whose process the slots are to end.",
    )
    identity: str | None = strawberry.field(
        default=None,
        description="What tells its process apart from all others of its machine: the slots end "
        "with it, as soon as that can be seen from the service.",
    )


@strawberry.input(description="Slots that are wanted: of each limit that is named, or of none.")
class SlotRequestInput:
    """A request for slots."""

    lease_id: strawberry.ID = strawberry.field(
        description="The lease that is asked for: a UUID that the caller makes. To ask again "
        "under the same one is safe."
    )
    names: list[str] = strawberry.field(description="The limits' names.")
    holder: SlotHolderInput = strawberry.field(description="Who asks.")
    occupy: int = strawberry.field(default=1, description="How many slots of each limit.")
    lease_seconds: float = strawberry.field(
        default=300.0, description="How long they are kept unless the lease is renewed."
    )
    rate_limited: bool = strawberry.field(
        default=False,
        description="Whether they are not given back, but come back by themselves, as they do "
        "on limits with slot decay.",
    )
    key: str = strawberry.field(
        default="",
        description="Whose share of the limits it is: each key has the limits' slots for itself.",
    )
    priority: float = strawberry.field(
        default=0.0,
        description="By how many seconds it goes before those of its key that came earlier.",
    )


@strawberry.input(description="A lease that is to last longer.")
class LeaseInput:
    """A lease and its duration."""

    lease_id: strawberry.ID = strawberry.field(description="The lease.")
    seconds: float = strawberry.field(description="How long it is to last from now on.")


@strawberry.type(description="The slots are held.")
class SlotsGranted:
    """A request that was granted."""

    limits: list[str] = strawberry.field(
        description="Those of the limits that exist; none of the others limits anything."
    )
    leased: bool = strawberry.field(
        description="Whether the lease is to be renewed, and released in the end."
    )


@strawberry.type(description="The slots are not free yet.")
class SlotsAwaited:
    """A request that has a place in line, if it waits."""

    waiting: bool = strawberry.field(
        description="Whether it has a place in line. It keeps it for 10 s: ask again."
    )


@strawberry.type(description="The slots will never be free; the request is forgotten.")
class SlotsRefused(UserError):
    """A request that asks for more than there is."""


@strawberry.type(description="What was given back.")
class SlotsReleased:
    """Leases that were ended."""

    count: int = strawberry.field(
        description="How many of the leases held slots still, or waited for some."
    )


@strawberry.type(description="What was renewed, and what was not.")
class LeasesRenewed:
    """Leases that last longer."""

    lost: list[strawberry.ID] = strawberry.field(
        description="Leases that have ended; their slots may be somebody else's."
    )


AcquireResult = Annotated[
    SlotsGranted | SlotsAwaited | SlotsRefused | InvalidInput,
    strawberry.union("AcquireSlotsResult", description="What became of a request for slots."),
]
ReleaseResult = Annotated[
    SlotsReleased | InvalidInput,
    strawberry.union("ReleaseSlotsResult", description="What was given back."),
]
RenewResult = Annotated[
    LeasesRenewed | InvalidInput,
    strawberry.union("RenewSlotsResult", description="What became of leases to be renewed."),
]


@strawberry.type(description="Slots of concurrency limits.")
class SlotMutations:
    """Mutations of slots."""

    @strawberry.mutation(
        description="Take slots of concurrency limits, all or none, or wait in line for them."
    )
    async def acquire_slots(
        self,
        info: Info,
        request: Annotated[SlotRequestInput, strawberry.argument(description="What is wanted.")],
        wait_seconds: Annotated[
            float,
            strawberry.argument(
                description="For how long to wait for them, up to 30; 0 takes no place in line."
            ),
        ] = 0.0,
    ) -> AcquireResult:
        """Ask for slots."""
        try:
            asked = _request(request, wait=wait_seconds > 0)
        except msgspec.ValidationError as error:
            return InvalidInput.of(str(error), "request")
        slots = info.context.ledger.slots
        future = slots.acquire(asked)
        asking = asyncio.wrap_future(future)
        try:
            patience = min(wait_seconds, LONGEST_WAIT) if asked.wait else None
            await asyncio.wait([asking], timeout=patience)
        finally:
            slots.turn_away(asked.lease_id, future)
        if not asking.done():
            return SlotsAwaited(waiting=True)
        if asking.cancelled():  # somebody has given the lease back meanwhile
            return SlotsAwaited(waiting=False)
        answer = asking.result()
        if answer.refused is not None:
            told = answer.refused if answer.mend is None else f"{answer.refused}. {answer.mend}"
            return SlotsRefused(code="SlotsRefused", message=told, field="occupy")
        if not answer.granted:
            return SlotsAwaited(waiting=False)
        return SlotsGranted(limits=answer.limits, leased=answer.leased)

    @strawberry.mutation(description="Give slots back, or leave the line of those who wait.")
    async def release_slots(
        self,
        info: Info,
        lease_ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="The leases that are to end.")
        ],
    ) -> ReleaseResult:
        """End leases."""
        leases = [parse_id(lease_id, "leaseIds") for lease_id in some(lease_ids, "leaseIds")]
        released = await asyncio.wrap_future(info.context.ledger.slots.release(*leases))
        return SlotsReleased(count=len(released))

    @strawberry.mutation(description="Let leases of slots last longer.")
    async def renew_slots(
        self,
        info: Info,
        leases: Annotated[list[LeaseInput], strawberry.argument(description="Which of them.")],
    ) -> RenewResult:
        """Renew leases."""
        given = some(leases, "leases")
        listed = [(parse_id(lease.lease_id, "leases"), _seconds(lease)) for lease in given]
        lost = await asyncio.wrap_future(info.context.ledger.slots.renew(listed))
        return LeasesRenewed(lost=[strawberry.ID(str(lease_id)) for lease_id in lost])


def _request(given: SlotRequestInput, *, wait: bool) -> SlotRequest:
    """The ledger's form of a request.

    Raises:
        msgspec.ValidationError: a value is out of range; the message says which.
    """
    holder = given.holder
    who = SlotHolder(
        holder.host,
        holder.pid,
        _optional(holder.flow_run_id, "flowRunId"),
        _optional(holder.task_run_id, "taskRunId"),
        holder.identity,
    )
    request = SlotRequest(
        parse_id(given.lease_id, "leaseId"),
        given.names,
        who,
        given.occupy,
        given.lease_seconds,
        wait,
        given.rate_limited,
        _optional(holder.client_id, "clientId"),
        given.key,
        given.priority,
    )
    return msgspec.convert(msgspec.structs.asdict(request), SlotRequest)


def _seconds(lease: LeaseInput) -> float:
    if not 0 < lease.seconds <= LONGEST_LEASE:
        raise InputError(f"leases: {lease.seconds} is not from 0 to {LONGEST_LEASE}", "leases")
    return lease.seconds


def _optional(text: str | None, field: str) -> UUID | None:
    return None if text is None else parse_id(text, f"request.holder.{field}")
