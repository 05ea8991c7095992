"""Slots of concurrency limits for asynchronous code; as in `headrace.concurrency.sync`.

>>> from headrace.concurrency.asyncio import concurrency
>>> async with concurrency("database"):
...     await copy_tables()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from uuid import UUID

from headrace.concurrency.leases import (
    RELEASE,
    Lease,
    OnLeaseLost,
    Wanted,
    on_lost_of,
    tell_unreleased,
)
from headrace.exceptions import (
    AcquireConcurrencySlotTimeoutError,
    ConcurrencySlotAcquisitionError,
    ConcurrencySlotsLost,
)
from headrace.records import SlotAnswer

__all__ = [
    "AcquireConcurrencySlotTimeoutError",
    "ConcurrencySlotAcquisitionError",
    "ConcurrencySlotsLost",
    "concurrency",
    "rate_limit",
]


@asynccontextmanager
async def concurrency(
    names: str | list[str],
    occupy: int = 1,
    timeout_seconds: float | None = None,
    max_retries: int | None = None,
    lease_duration: float = 300,
    strict: bool = False,
    holder: object = None,
    raise_on_lease_renewal_failure: bool | None = None,
    key: str | None = None,
    priority: float = 0.0,
    on_lease_lost: OnLeaseLost | None = None,
) -> AsyncIterator[None]:
    """Hold slots of one or several limits while the block runs; of all of them or of none.

    The arguments and what is raised are those of `headrace.concurrency.sync.concurrency`.
    """
    if not names:
        yield
        return
    wanted = Wanted(
        names,
        occupy,
        timeout_seconds,
        max_retries=max_retries,
        lease_duration=lease_duration,
        strict=strict,
        holder=holder,
        on_lost=on_lost_of(on_lease_lost, raise_on_lease_renewal_failure, strict),
        key=key,
        priority=priority,
    )
    async with hold(wanted):
        yield


@asynccontextmanager
async def hold(wanted: Wanted) -> AsyncIterator[None]:
    """Hold what is wanted while the block runs."""
    if not await take(wanted):
        yield
        return
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    aborted = False

    def abort() -> None:
        nonlocal aborted
        if task is not None and not ended:
            aborted = True
            task.cancel()

    ended = False
    lease = Lease(wanted, lambda: loop.call_soon_threadsafe(abort))
    try:
        yield
    except asyncio.CancelledError:
        if not aborted or task is None or task.uncancel() > 0:  # somebody else wants its end, too
            raise
    finally:
        ended = True
        # Given back also when the task is cancelled: the request is under way by then.
        lease.ended(await wait_for_release(lease.end()))
    lease.check()


async def rate_limit(
    names: str | list[str],
    occupy: int = 1,
    timeout_seconds: float | None = None,
    strict: bool = False,
    key: str | None = None,
) -> None:
    """Wait until slots of limits with slot decay are free, and take them; they come back in time.

    The arguments and what is raised are those of `headrace.concurrency.sync.rate_limit`.
    """
    if names:
        wanted = Wanted(names, occupy, timeout_seconds, strict=strict, rate_limited=True, key=key)
        await take(wanted)


async def take(wanted: Wanted) -> bool:
    """Wait for the slots; whether there is a lease to keep."""
    try:
        async with asyncio.timeout(wanted.patience()):
            while True:
                asked = wanted.ask()
                if (answer := await _answer(asked)) is not None:
                    return wanted.taken(answer)
    except TimeoutError:
        await wait_for_release(wanted.give_up())
        wanted.fail_in_time()
    except BaseException:
        wanted.give_up()
        raise


async def _answer(asked: Future[SlotAnswer]) -> SlotAnswer | None:
    """The answer; None when it will not come, since the ledger was closed for a fork."""
    try:
        return await asyncio.wrap_future(asked)
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():  # it is this code that is to end
            raise
        return None


async def wait_for_release(released: Future[list[UUID]]) -> list[UUID] | None:
    """Wait until slots are given back, within reason; the leases that were in force until then."""
    try:
        async with asyncio.timeout(RELEASE):
            return await asyncio.wrap_future(released)
    except Exception as error:
        tell_unreleased(error)
        return None
