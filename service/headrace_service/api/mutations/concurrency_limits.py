"""Making, changing and deleting concurrency limits."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated
from uuid import UUID

import strawberry

from headrace_service.api.context import Info
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    IdempotencyKey,
    deleted,
)
from headrace_service.api.types.concurrency_limit import ConcurrencyLimit
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger.limits import (
    LimitValues,
    create_limit,
    delete_limit,
    reset_limit,
    update_limit,
)
from headrace_service.ledger.queries.concurrency import limit_by_name
from headrace_service.ledger.waiting import Verb

#: Slots that a limit may have, and characters of its name.
MOST_SLOTS, LONGEST_NAME = 2**31 - 1, 1024


LimitResult = Annotated[
    ConcurrencyLimit | NotFound | Conflict | InvalidInput,
    strawberry.union(
        "ConcurrencyLimitResult", description="A concurrency limit, or why it is not as asked."
    ),
]

LimitName = Annotated[str, strawberry.argument(description="The limit's name.")]
Decay = Annotated[
    float | None,
    strawberry.argument(
        description="How many slots come back by themselves each second; 0 is none."
    ),
]
Total = Annotated[
    int | None,
    strawberry.argument(description="How many slots all keys together may take; 0 is any number."),
]
Active = Annotated[bool | None, strawberry.argument(description="Whether it limits.")]


@strawberry.type(description="Concurrency limits.")
class ConcurrencyLimitMutations:
    """Mutations of concurrency limits."""

    @strawberry.mutation(
        description="Make a concurrency limit. Blocks of code and tasks' tags of its name take "
        "its slots from now on."
    )
    async def create_concurrency_limit(
        self,
        info: Info,
        name: LimitName,
        limit: Annotated[int, strawberry.argument(description="How many slots it has.")],
        slot_decay_per_second: Decay = None,
        active: Active = None,
        total: Total = None,
        idempotency_key: IdempotencyKey = None,
    ) -> LimitResult:
        """Make a limit."""
        if (wrong := _wrong(name, limit, slot_decay_per_second, total)) is not None:
            return wrong
        values = LimitValues(limit, slot_decay_per_second, active, total)
        key = idempotency_key
        if not await _perform(info, lambda db, now: create_limit(db, name, values, now, key)):
            return Conflict.of(f"there is a concurrency limit {name!r} already", "name")
        return await _limit(info, name)

    @strawberry.mutation(
        description="Change a concurrency limit. One that is lowered below what is held takes "
        "nothing from anybody; its slots are given on once enough have come back."
    )
    async def update_concurrency_limit(
        self,
        info: Info,
        name: LimitName,
        limit: Annotated[int | None, strawberry.argument(description="How many slots.")] = None,
        slot_decay_per_second: Decay = None,
        active: Active = None,
        total: Total = None,
        expected_revision: ExpectedRevision = None,
    ) -> LimitResult:
        """Change a limit."""
        if (wrong := _wrong(name, limit, slot_decay_per_second, total)) is not None:
            return wrong
        values = LimitValues(limit, slot_decay_per_second, active, total)
        expected = expected_revision
        if not await _perform(info, lambda db, now: update_limit(db, name, values, now, expected)):
            return _unknown(name)
        return await _limit(info, name)

    @strawberry.mutation(
        description="Delete a concurrency limit. Who holds its slots loses them, and who waits "
        "for some goes on without."
    )
    async def delete_concurrency_limit(self, info: Info, name: LimitName) -> DeleteResult:
        """Delete a limit."""
        limit_id = await _perform(info, lambda db, now: delete_limit(db, name, now))
        return deleted(limit_id) if isinstance(limit_id, UUID) else _unknown(name)

    @strawberry.mutation(
        description="Free all slots of a concurrency limit, whoever holds them. For slots whose "
        "holder is known to be gone."
    )
    async def reset_concurrency_limit(self, info: Info, name: LimitName) -> LimitResult:
        """Free a limit's slots."""
        if not await _perform(info, lambda db, now: reset_limit(db, name, now)):
            return _unknown(name)
        return await _limit(info, name)


async def _perform(info: Info, verb: Verb) -> object:
    return await asyncio.wrap_future(info.context.ledger.slots.perform(verb))


async def _limit(info: Info, name: str) -> ConcurrencyLimit | NotFound:
    row = await info.context.ledger.aread(limit_by_name, name)
    return _unknown(name) if row is None else ConcurrencyLimit.of(row)


def _unknown(name: str) -> NotFound:
    return NotFound.of(f"there is no concurrency limit {name!r}", "name")


def _wrong(
    name: str, limit: int | None, decay: float | None, total: int | None
) -> InvalidInput | None:
    """What is wrong with a limit's values."""
    if not 1 <= len(name) <= LONGEST_NAME:
        return InvalidInput.of(f"name: use 1 to {LONGEST_NAME} characters", "name")
    if limit is not None and not 0 <= limit <= MOST_SLOTS:
        return InvalidInput.of(f"limit: {limit} is not from 0 to {MOST_SLOTS}", "limit")
    if total is not None and not 0 <= total <= MOST_SLOTS:
        return InvalidInput.of(f"total: {total} is not from 0 to {MOST_SLOTS}", "total")
    if decay is not None and not (decay >= 0 and math.isfinite(decay)):
        return InvalidInput.of(
            f"slotDecayPerSecond: {decay} is not 0 or more", "slotDecayPerSecond"
        )
    return None
