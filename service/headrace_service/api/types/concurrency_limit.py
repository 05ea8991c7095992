"""Concurrency limits, who holds their slots and who waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from headrace_service.api.context import Context, Info
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import DateTime
from headrace_service.api.types.node import Node
from headrace_service.ledger.queries.concurrency import ClaimRow, LimitRow
from headrace_service.ledger.queries.paging import Slice
from headrace_service.ledger.run_limits import FOR_EVER

if TYPE_CHECKING:
    from headrace_service.api.types.flow_run import FlowRun
    from headrace_service.api.types.task_run import TaskRun

LazyFlowRun = Annotated["FlowRun", strawberry.lazy("headrace_service.api.types.flow_run")]
LazyTaskRun = Annotated["TaskRun", strawberry.lazy("headrace_service.api.types.task_run")]


@strawberry.type(description="Somebody who holds slots of a limit, or waits for some.")
class SlotClaim:
    """A holder or a waiter."""

    row: strawberry.Private[ClaimRow]
    lease_id: strawberry.ID = strawberry.field(description="The lease that it is, or will be.")
    slots: int = strawberry.field(description="How many slots.")
    since: DateTime = strawberry.field(
        description="Since when it holds or waits; on a limit with decay: when its slots begin "
        "to come back."
    )
    until: DateTime = strawberry.field(
        description="When it ends unless it is renewed; on a limit with decay: when its slots "
        "are all back. The end of the year 9999 where that is never.",
        deprecation_reason="Use `leaseUntil`, which is null where there is no such time.",
    )
    lease_until: DateTime | None = strawberry.field(
        description="When its lease ends unless it is renewed; on a limit with decay: when its "
        "slots are all back. Null for one that is held until it is given back: by the end of its "
        "run."
    )
    key: str = strawberry.field(
        description="Whose share of the limit it is of; empty for one that names no key."
    )
    host: str = strawberry.field(description="The machine that it is on.")
    pid: int = strawberry.field(description="The number of its process there.")

    @strawberry.field(description="The flow run that it is for, if it is for one.")
    async def flow_run(self, info: Info) -> LazyFlowRun | None:
        """The flow run."""
        from headrace_service.api.types.flow_run import FlowRun

        run_id = self.row.holder.flow_run_id
        row = None if run_id is None else await info.context.loaders.flow_run.load(run_id)
        return None if row is None else FlowRun.of(row)

    @strawberry.field(description="The task run that it is for, if it is for one.")
    async def task_run(self, info: Info) -> LazyTaskRun | None:
        """The task run."""
        from headrace_service.api.types.task_run import TaskRun

        run_id = self.row.holder.task_run_id
        row = None if run_id is None else await info.context.loaders.task_run.load(run_id)
        return None if row is None else TaskRun.of(row)

    @classmethod
    def of(cls, row: ClaimRow) -> SlotClaim:
        """The claim of a row."""
        return cls(
            row=row,
            lease_id=strawberry.ID(str(row.lease_id)),
            slots=row.occupied,
            since=DateTime(row.since),
            until=DateTime(row.until),
            lease_until=None if row.until >= FOR_EVER else DateTime(row.until),
            key=row.key,
            host=row.holder.host,
            pid=row.holder.pid,
        )


@strawberry.type(description="A limit on how much happens at once, or within a second.")
class ConcurrencyLimit(Node):
    """A limit."""

    row: strawberry.Private[LimitRow]
    name: str = strawberry.field(description="Its name: of blocks of code, and of tasks' tags.")
    limit: int = strawberry.field(description="How many slots it has, for each key by itself.")
    total: int | None = strawberry.field(
        description="How many slots all keys together may take; null is as many as they have."
    )
    active: bool = strawberry.field(description="Whether it limits; else everybody passes.")
    slot_decay_per_second: float = strawberry.field(
        description="How many slots come back by themselves each second; 0 is a limit whose "
        "slots are held until they are given back."
    )
    created_at: DateTime = strawberry.field(description="When it was made.")
    updated_at: DateTime = strawberry.field(description="When it was changed last.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @strawberry.field(description="How many of its slots are taken now.")
    async def slots_taken(self, info: Info) -> float:
        """The slots in use."""
        return await info.context.loaders.slots_taken.load(self.row)

    @strawberry.field(description="Who holds slots, longest first; at most 200 are told.")
    async def holders(self, info: Info) -> list[SlotClaim]:
        """The holders."""
        rows = await info.context.loaders.holders.load(self.row.id)
        info.context.spend(rows)
        return [SlotClaim.of(row) for row in rows]

    @strawberry.field(
        description="Who waits, in the order in which they get slots; at most 200 are told."
    )
    async def waiters(self, info: Info) -> list[SlotClaim]:
        """Those in line."""
        rows = await info.context.loaders.waiters.load(self.row.id)
        info.context.spend(rows)
        return [SlotClaim.of(row) for row in rows]

    @classmethod
    def of(cls, row: LimitRow) -> ConcurrencyLimit:
        """The limit of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            limit=row.slots,
            total=row.total,
            active=row.active,
            slot_decay_per_second=row.decay,
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
            revision=row.revision,
        )


def limit_connection(context: Context, rows: Slice[LimitRow]) -> Connection[ConcurrencyLimit]:
    """The connection of a page of limits."""
    context.spend(rows.rows)
    return connection(rows, ConcurrencyLimit.of, Place.CONCURRENCY_LIMIT, lambda row: row.name)
