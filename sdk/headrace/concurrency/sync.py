"""Slots of concurrency limits for synchronous code.

>>> from headrace.concurrency.sync import concurrency, rate_limit
>>> with concurrency("database", occupy=2):     # at most as many as the limit allows
...     copy_tables()
>>> rate_limit("external-api")                  # at most so many a second
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
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
from headrace.threads import interrupt_user, queuing

__all__ = [
    "AcquireConcurrencySlotTimeoutError",
    "ConcurrencySlotAcquisitionError",
    "ConcurrencySlotsLost",
    "concurrency",
    "rate_limit",
]


@contextmanager
def concurrency(
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
) -> Iterator[None]:
    """Hold slots of one or several limits while the block runs; of all of them or of none.

    Args:
        names: the limits' names. Those that do not exist limit nothing.
        occupy: how many slots to hold of each.
        timeout_seconds: seconds to wait for them; None is as long as it takes, 0 is not at all.
        max_retries: how often to try again, of two seconds in line each; None is without end.
        lease_duration: seconds after which the slots are free again if this process is killed.
            While it lives, it renews them.
        strict: whether it is an error that none of the limits exists.
        holder: who holds the slots, as `{"type": "task_run", "id": …}`; the current run unless
            given.
        raise_on_lease_renewal_failure: whether it is an error, raised at the block's end, that the
            slots were lost meanwhile; as `strict` unless given. That happens when the ledger is
            out of reach, or this process asleep, for longer than the lease.
        key: whose slots these are: a limit counts for each key by itself. What stands in braces
            is filled in from the current run's parameters, as in `"{parameters.tenant}"`.
        on_lease_lost: what to do when the slots were lost, whatever
            `raise_on_lease_renewal_failure` says: `"fence"` is an error at the block's end,
            `"abort"` raises it within the block, and `"warn"` only says so.
        priority: by how many seconds to go before those of the same key that came earlier. Who
            waits longer than that is not passed.

    Raises:
        AcquireConcurrencySlotTimeoutError: they did not come free in time; a `TimeoutError`.
        ConcurrencySlotAcquisitionError: they never will: there are not as many; or with `strict`,
            there is no such limit.
        ConcurrencySlotsLost: they were lost before the block had ended.
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
    with hold(wanted):
        yield


@contextmanager
def hold(wanted: Wanted) -> Iterator[None]:
    """Hold what is wanted while the block runs."""
    if not take(wanted):
        yield
        return
    aborter = Aborter()
    lease = Lease(wanted, aborter.start)
    try:
        yield
    except ConcurrencySlotsLost:
        if not lease.lost:  # it is about other slots
            raise
    finally:
        aborter.stop()
        lease.ended(wait_for_release(lease.end()))
    lease.check()


def rate_limit(
    names: str | list[str],
    occupy: int = 1,
    timeout_seconds: float | None = None,
    strict: bool = False,
    key: str | None = None,
) -> None:
    """Wait until slots of limits with slot decay are free, and take them; they come back in time.

    Args:
        names: the limits' names. Those that do not exist limit nothing.
        occupy: how many slots to take of each.
        timeout_seconds: seconds to wait for them; None is as long as it takes, 0 is not at all.
        strict: whether it is an error that none of the limits exists.
        key: whose slots these are, as in `concurrency`.

    Raises:
        AcquireConcurrencySlotTimeoutError: they did not come free in time; a `TimeoutError`.
        ConcurrencySlotAcquisitionError: they never will: there are not as many, or the limit has
            no slot decay; or with `strict`, there is no such limit.
    """
    if names:
        wanted = Wanted(names, occupy, timeout_seconds, strict=strict, rate_limited=True, key=key)
        take(wanted)


def take(wanted: Wanted) -> bool:
    """Wait for the slots; whether there is a lease to keep."""
    try:
        while True:
            try:
                asked = wanted.ask()
                with queuing():
                    return wanted.taken(asked.result(wanted.patience()))
            except CancelledError:
                continue
    except TimeoutError:
        wait_for_release(wanted.give_up())
        wanted.fail_in_time()
    except BaseException:
        wanted.give_up()
        raise


class Aborter:
    """Raises `ConcurrencySlotsLost` in the thread that made it, from another one."""

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._over = threading.Event()

    def start(self) -> None:
        """Do so as soon as that thread is in code that may be interrupted."""
        threading.Thread(target=self._run, name="headrace-abort", daemon=True).start()

    def stop(self) -> None:
        """The code that was to be aborted has ended."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.is_set() and not interrupt_user(self._ident, ConcurrencySlotsLost):
            self._over.wait(0.01)


def wait_for_release(released: Future[list[UUID]]) -> list[UUID] | None:
    """Wait until slots are given back, within reason; the leases that were in force until then."""
    try:
        return released.result(RELEASE)
    except Exception as error:
        tell_unreleased(error)
        return None
