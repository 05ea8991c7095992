"""Leases of slots: asked for, kept alive by one thread for as long as they are held, given back.

What is here is the same for `sync` and `asyncio`, which only wait in different ways.
"""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args
from uuid import UUID

import msgspec

from headrace.concurrency import clock
from headrace.concurrency.keeper import get_keeper
from headrace.concurrency.slots import Asked, Slots, get_slots
from headrace.context import CURRENT_RUN, LiveFlowRun, LiveTaskRun
from headrace.exceptions import (
    AcquireConcurrencySlotTimeoutError,
    ConcurrencySlotAcquisitionError,
    ConcurrencySlotsLost,
)
from headrace.ids import new_id
from headrace.limit_keys import UnknownParameter, key_of
from headrace.liveness import host, identity
from headrace.logging import get_logger, logger_of
from headrace.records import SlotAnswer, SlotHolder, SlotRequest

if TYPE_CHECKING:
    from headrace.logging import HeadraceLogAdapter

#: What to do when slots are lost while a block holds them: raise at its end, so that nothing is
#: built on it; end it at once; or say so, and let it go on.
OnLeaseLost = Literal["fence", "abort", "warn"]

#: Seconds in line that each of `max_retries` stands for.
RETRY = 2.0
#: Seconds that the end of a block waits, at most, until its slots are given back.
RELEASE = 10.0


class Wanted:
    """Slots that somebody wants.

    Args:
        names: the limits.
        occupy: how many slots of each.
        timeout_seconds: how long to wait for them.
        max_retries: how often to try again; a try stands in line for two seconds.
        lease_duration: seconds after which the slots are free again when this process dies.
        strict: whether limits that do not exist are an error.
        holder: who holds them; the current run unless given.
        rate_limited: whether the slots come back by themselves.
        on_lost: what to do when the slots are lost; see `OnLeaseLost`.
        quiet: whether to say nothing of limits that do not exist.
        key: whose share of the limits; text of its own, or a template of the run's parameters.
        priority: by how many seconds to go before those of the same key that came earlier.
    """

    def __init__(
        self,
        names: str | list[str],
        occupy: int,
        timeout_seconds: float | None,
        *,
        max_retries: int | None = None,
        lease_duration: float = 300,
        strict: bool = False,
        holder: object = None,
        rate_limited: bool = False,
        on_lost: OnLeaseLost = "warn",
        quiet: bool = False,
        key: str | None = None,
        priority: float = 0.0,
    ) -> None:
        self.names = [names] if isinstance(names, str) else list(names)
        self.strict = strict
        self.quiet = quiet
        self.on_lost = on_lost
        self._timeout = timeout_seconds
        self._patience = timeout_seconds
        if max_retries is not None:
            retrying = max_retries * RETRY
            self._patience = min(retrying, retrying if timeout_seconds is None else timeout_seconds)
        self._began = time.monotonic()
        slots = self._slots(occupy)
        self.lease_seconds = self._seconds(lease_duration)
        self.request = SlotRequest(
            new_id(),
            self.names,
            _holder(holder),
            slots,
            self.lease_seconds,
            wait=self._patience is None or self._patience > 0,
            rate_limited=rate_limited,
            client_id=_client_id(),
            key=_key(key),
            priority=priority,
        )
        self._check_whole()
        self.slots: Slots = get_slots()
        #: From when on the slots have been held (a moment of the `clock`), once they are taken.
        self.since = 0.0
        self._asked: Future[SlotAnswer] | None = None

    def ask(self) -> Future[SlotAnswer]:
        """Ask for the slots. A future that is cancelled means: ask again."""
        self._asked = self.slots.acquire(self.request)
        return self._asked

    def patience(self) -> float | None:
        """For how many seconds more to wait; None for ever.

        Who does not want to wait for slots waits for the answer all the same.
        """
        if not self.request.wait or self._patience is None:
            return None
        return max(0.0, self._began + self._patience - time.monotonic())

    def give_up(self) -> Future[list[UUID]]:
        """Wait for them no more, and give back what may have been granted meanwhile."""
        if self._asked is not None:
            self._asked.cancel()
        return self.slots.release(self.request.lease_id)

    def taken(self, answer: SlotAnswer) -> bool:
        """Whether there is a lease to keep, now that the answer is there.

        Raises:
            ConcurrencySlotAcquisitionError: the slots were refused, or with `strict` none of the
                limits exists.
            AcquireConcurrencySlotTimeoutError: they were not free, and nobody wanted to wait.
        """
        if answer.refused is not None:
            self._refuse(f"422 Unprocessable Entity: {answer.refused}", answer.mend)
        if not answer.granted:
            self.fail_in_time()
        if not answer.limits:
            self._tell_unknown()
        self.since = self._asked.since if isinstance(self._asked, Asked) else clock.now()
        return answer.leased

    def fail_in_time(self) -> NoReturn:
        """Raise what it means that the time is over."""
        if self._patience != self._timeout:  # the retries were over before the time was
            self._refuse("423 Locked")
        raise AcquireConcurrencySlotTimeoutError(
            f"Attempt to acquire concurrency slots timed out after {self._timeout} second(s)"
        )

    def _slots(self, occupy: object) -> int:
        """How many slots are asked for; a number that means nothing is refused."""
        slots, wrong = _whole(occupy)
        if slots <= 0:
            self._refuse(f"422 Unprocessable Entity: slots: {wrong}")
        return slots

    def _seconds(self, lease_duration: float) -> float:
        """How long the lease is to last; what is no such time is refused."""
        try:
            seconds = float(lease_duration)
        except (TypeError, ValueError):
            self._refuse("422 Unprocessable Entity: lease_duration: Input should be a valid number")
        if seconds <= 0:
            self._refuse("422 Unprocessable Entity: lease_duration: Input should be greater than 0")
        return seconds

    def _check_whole(self) -> None:
        """Refuse what no ledger could take: a name too long, a number that is none."""
        try:
            msgspec.json.decode(msgspec.json.encode(self.request), type=SlotRequest)
        except (msgspec.MsgspecError, UnicodeError, OverflowError) as error:
            self._refuse(f"422 Unprocessable Entity: {error}")

    def _refuse(self, reason: str, mend: str | None = None) -> NoReturn:
        error = ConcurrencySlotAcquisitionError(
            f"Unable to acquire concurrency slots on {self.names!r}: {reason}"
        )
        if mend is not None:
            error.add_note(mend)
        raise error

    def _tell_unknown(self) -> None:
        if self.strict:
            raise ConcurrencySlotAcquisitionError(
                f"Concurrency limits {self.names!r} must be created before acquiring slots"
            )
        if not self.quiet:
            _logger().warning(
                f"Concurrency limits {self.names!r} do not exist - skipping acquisition."
            )


class Lease:
    """Slots that are held, from now until `end`.

    Args:
        wanted: what was taken.
        abort: ends what happens within the block at once, when the slots are lost and are to be
            `"abort"`ed for; called in another thread.
    """

    def __init__(self, wanted: Wanted, abort: Callable[[], object] | None = None) -> None:
        self._slots = wanted.slots
        self._names = wanted.names
        self._id = wanted.request.lease_id
        self._on_lost = wanted.on_lost
        self._abort = abort if wanted.on_lost == "abort" else None
        self.lost = False
        self._context = copy_context()
        self._keeper = get_keeper()
        self._keeper.keep(self._id, self._slots, wanted.lease_seconds, wanted.since, self._lose)

    def end(self) -> Future[list[UUID]]:
        """Give the slots back."""
        if not self._keeper.leave(self._id):
            self._abort = None
            self._lose()
        return self._slots.release(self._id)

    def leave(self) -> UUID:
        """Let somebody else give the slots back, by the lease's id; it is kept no longer."""
        self._keeper.leave(self._id)
        return self._id

    def ended(self, in_force: list[UUID] | None) -> None:
        """Which leases were in force until they were given back; None if that is not known."""
        if in_force is not None and self._id not in in_force:
            self._abort = None
            self._lose()

    def check(self) -> None:
        """Make sure that the slots were held all the time, if that is wanted.

        Raises:
            ConcurrencySlotsLost: they were lost meanwhile.
        """
        if self.lost and self._on_lost != "warn":
            raise ConcurrencySlotsLost(
                f"The lease of concurrency slots on {self._names!r} was lost before the block ended"
            )

    def _lose(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._context.run(self._tell_lost)
        if self._abort is not None:
            self._abort()

    def _tell_lost(self) -> None:
        _logger().warning(
            "Concurrency lease renewal failed - slots are no longer reserved. "
            "Execution will continue, but concurrency limits may be exceeded."
        )


def _whole(given: object) -> tuple[int, str]:
    """A number of slots as pydantic would take it; where it is not above 0, what is wrong."""
    try:
        number = int(given)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        if given is None:
            return 0, "Field required"
        detail = ", unable to parse string as an integer" if isinstance(given, str) else ""
        return 0, f"Input should be a valid integer{detail}"
    if isinstance(given, float) and given != number:
        return 0, "Input should be a valid integer, got a number with a fractional part"
    return number, "Input should be greater than 0"


def on_lost_of(given: OnLeaseLost | None, raises: bool | None, strict: bool) -> OnLeaseLost:
    """What is to be done when slots are lost, by the arguments that can say so."""
    if given is None:
        return "fence" if (strict if raises is None else raises) else "warn"
    if given not in get_args(OnLeaseLost):
        raise ValueError(f"on_lease_lost is {given!r}; use 'fence', 'abort' or 'warn'")
    return given


def tell_unreleased(error: BaseException) -> None:
    """Say that slots could not be given back: they are, once their lease has ended."""
    reason = str(error) or type(error).__name__
    _logger().warning("concurrency slots stay taken until their lease ends: %s", reason)


def _logger() -> logging.Logger | HeadraceLogAdapter:
    run = CURRENT_RUN.get()
    return get_logger("concurrency") if run is None else logger_of(run)


def _holder(given: object) -> SlotHolder:
    """Who holds slots: a run that was named, or the one that this code runs in."""
    machine, pid = host(), os.getpid()
    if given is not None:
        kind, run_id = _named(given)
        if kind == "task_run":
            return SlotHolder(machine, pid, None, run_id)
        return SlotHolder(machine, pid, run_id if kind == "flow_run" else None)
    run = CURRENT_RUN.get()
    if run is None:
        return SlotHolder(machine, pid, identity=_identity_of(pid))
    flow_run = run.flow_run
    task_run_id = run.id if isinstance(run, LiveTaskRun) else None
    return SlotHolder(machine, pid, None if flow_run is None else flow_run.id, task_run_id)


_identity_of = functools.cache(identity)


def _client_id() -> UUID | None:
    """The stream of this process, for as long as its runs keep it known to the ledger."""
    run = CURRENT_RUN.get()
    return None if run is None else getattr(run.environment.recorder, "client_id", None)


def _key(given: str | None) -> str:
    """The key, with what the current run's parameters stand for filled in."""
    if given is None or "{" not in given:
        return given or ""
    run = CURRENT_RUN.get()
    arguments: Mapping[str, object] = {}
    if run is not None:
        arguments = run.arguments if isinstance(run, LiveFlowRun) else run.parameters
    try:
        return key_of(given, arguments)
    except UnknownParameter as error:
        raise ConcurrencySlotAcquisitionError(
            f"Unable to make a key of concurrency slots of {given!r}: {error}"
        ) from None


def _named(holder: Any) -> tuple[str, UUID]:
    if isinstance(holder, Mapping):
        return str(holder["type"]), UUID(str(holder["id"]))
    return str(holder.type), UUID(str(holder.id))
