"""Slots of the limits that a task run's tags name, for as long as its function runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from headrace.concurrency import asyncio as awaited
from headrace.concurrency import sync as waiting
from headrace.concurrency.leases import Lease, Wanted
from headrace.concurrency.slots import Slots, get_slots
from headrace.drivers import Either, Lifecycle
from headrace.exceptions import AcquireConcurrencySlotTimeoutError, ConcurrencySlotAcquisitionError
from headrace.records import StateType
from headrace.states import Failed, State

if TYPE_CHECKING:
    from headrace.engine.task_run import TaskRun

#: Seconds for which it is remembered that some tags have no limits.
MEMORY = 1.0
#: Sets of tags that are remembered.
MOST = 1_000

#: Until when (monotonic) nobody has to ask about some tags: none of them is a limit's name.
_unlimited: dict[tuple[Slots, tuple[str, ...]], float] = {}


def take(run: TaskRun) -> Lifecycle[State[Any] | None]:
    """Take a slot of each limit that a tag of the run names; a state given back is its end."""
    key = (get_slots(), tuple(run.tags))
    if _unlimited.get(key, 0.0) > time.monotonic():
        return None
    if run.lease_id is not None:
        spent, run.lease_id = run.lease_id, None
        yield from _release(spent)
    try:
        wanted = _wanted(run.tags, wait=False)
        try:
            held = yield Either(waiting.take, awaited.take, wanted)
        except AcquireConcurrencySlotTimeoutError:
            message = f"Waiting for slots of the concurrency limits of its tags {run.tags!r}"
            run.enter(StateType.SCHEDULED, "AwaitingConcurrencySlot", message)
            wanted = _wanted(run.tags, wait=True)
            held = yield Either(waiting.take, awaited.take, wanted)
    except ConcurrencySlotAcquisitionError as error:
        return Failed(f"Task run could not start: {error}", data=error)
    if held:
        run.lease = Lease(wanted)
    else:
        _remember(key)
    return None


def _release(lease_id: UUID) -> Lifecycle[None]:
    """Give slots back that no state takes along: the next attempt begins at once."""
    released = get_slots().release(lease_id)
    yield Either(waiting.wait_for_release, awaited.wait_for_release, released)


def _wanted(tags: Sequence[str], *, wait: bool) -> Wanted:
    return Wanted(list(tags), 1, None if wait else 0, quiet=True)


def _remember(key: tuple[Slots, tuple[str, ...]]) -> None:
    if len(_unlimited) >= MOST:
        _unlimited.clear()
    _unlimited[key] = time.monotonic() + MEMORY
