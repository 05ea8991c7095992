"""Slots that a task run holds, for synchronous code; see `headrace.concurrency.sync`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from headrace.concurrency.leases import Wanted
from headrace.concurrency.sync import hold


@contextmanager
def concurrency(
    names: str | list[str], task_run_id: UUID, timeout_seconds: float | None = None
) -> Iterator[None]:
    """Hold a slot of each limit for a task run while the block runs.

    Args:
        names: the limits' names. Those that do not exist limit nothing.
        task_run_id: the task run that holds the slots.
        timeout_seconds: seconds to wait for them; None is as long as it takes.

    Raises:
        AcquireConcurrencySlotTimeoutError: they did not come free in time; a `TimeoutError`.
        ConcurrencySlotAcquisitionError: they never will: a limit has no slots.
    """
    if not names:
        yield
        return
    holder = {"type": "task_run", "id": task_run_id}
    with hold(Wanted(names, 1, timeout_seconds, holder=holder, quiet=True)):
        yield
