"""Slots that a task run holds, for asynchronous code; see `headrace.concurrency.asyncio`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from headrace.concurrency.asyncio import (
    AcquireConcurrencySlotTimeoutError,
    ConcurrencySlotAcquisitionError,
    hold,
)
from headrace.concurrency.leases import Wanted

__all__ = [
    "AcquireConcurrencySlotTimeoutError",
    "ConcurrencySlotAcquisitionError",
    "concurrency",
]


@asynccontextmanager
async def concurrency(
    names: str | list[str], task_run_id: UUID, timeout_seconds: float | None = None
) -> AsyncIterator[None]:
    """Hold a slot of each limit for a task run while the block runs; as in `sync`."""
    if not names:
        yield
        return
    holder = {"type": "task_run", "id": task_run_id}
    async with hold(Wanted(names, 1, timeout_seconds, holder=holder, quiet=True)):
        yield
