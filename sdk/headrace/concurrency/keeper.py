"""The one thread of a process that renews its leases of slots while they are held."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from uuid import UUID

from headrace.concurrency import clock
from headrace.concurrency.slots import Slots

logger = logging.getLogger("headrace.concurrency")

#: Which part of a lease may pass until it is renewed.
RENEW_AFTER = 1 / 3
#: Seconds between two tries, of a lease that could not be renewed, at most.
RETRY = 5.0


class _Kept:
    """A lease that is kept. Times are those of the process's `clock`."""

    __slots__ = ("ends_at", "on_lost", "renew_at", "seconds", "slots")

    def __init__(
        self, slots: Slots, seconds: float, since: float, on_lost: Callable[[], None]
    ) -> None:
        self.slots = slots
        self.seconds = seconds
        self.on_lost = on_lost
        self.last_from(since)

    def last_from(self, moment: float) -> None:
        """It lasts for its seconds from that moment on."""
        self.ends_at = moment + self.seconds
        self.renew_at = moment + self.seconds * RENEW_AFTER

    def try_later(self, now: float) -> None:
        """Try again soon: what cannot be reached now may answer before the lease ends."""
        self.renew_at = now + min(RETRY, self.seconds / 10)


class Keeper:
    """Renews leases until they are left, or until they have ended in spite of every try."""

    def __init__(self) -> None:
        self._kept: dict[UUID, _Kept] = {}
        self._wakes_at = 0.0
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def keep(
        self,
        lease_id: UUID,
        slots: Slots,
        seconds: float,
        since: float,
        on_lost: Callable[[], None],
    ) -> None:
        """Keep a lease that has lasted `since` a moment of the `clock`, for so many seconds each.

        `on_lost` is called, in the keeper's thread, if it ends nevertheless.
        """
        kept = _Kept(slots, seconds, since, on_lost)
        with self._wake:
            self._kept[lease_id] = kept
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="headrace-leases", daemon=True
                )
                self._thread.start()
            elif kept.renew_at < self._wakes_at:
                self._wake.notify()

    def leave(self, lease_id: UUID) -> bool:
        """Keep a lease no longer; whether it has lasted until now."""
        with self._wake:
            kept = self._kept.pop(lease_id, None)
        return kept is not None and clock.now() < kept.ends_at

    def _run(self) -> None:
        while True:
            with self._wake:
                now = clock.now()
                self._wakes_at = min(
                    (min(kept.renew_at, kept.ends_at) for kept in self._kept.values()),
                    default=now + 3600,
                )
                if self._wakes_at > now:
                    self._wake.wait(self._wakes_at - now)
                    continue
                over = [key for key, kept in self._kept.items() if kept.ends_at <= now]
                lost = [self._kept.pop(key) for key in over]
                due = {key: kept for key, kept in self._kept.items() if kept.renew_at <= now}
                for kept in due.values():
                    kept.renew_at = math.inf  # until there is an answer
            for kept in lost:
                self._tell(kept)
            for slots in {id(kept.slots): kept.slots for kept in due.values()}.values():
                self._renew(slots, {k: kept for k, kept in due.items() if kept.slots is slots})

    def _renew(self, slots: Slots, due: dict[UUID, _Kept]) -> None:
        """Ask for some leases to be renewed; others are looked after while there is no answer."""
        asked_at = clock.now()
        try:
            renewal = slots.renew([(lease_id, kept.seconds) for lease_id, kept in due.items()])
        except Exception as error:
            renewal = Future()
            renewal.set_exception(error)
        renewal.add_done_callback(lambda answer: self._note(due, asked_at, answer))

    def _note(self, due: dict[UUID, _Kept], asked_at: float, answer: Future[list[UUID]]) -> None:
        """Note what came of a renewal; in any thread."""
        try:
            lost = set(answer.result())
        except Exception as error:  # whatever it was: the leases have some time left
            logger.warning("leases of concurrency slots could not be renewed: %s", error)
            for kept in due.values():
                kept.try_later(clock.now())
        else:
            for lease_id, kept in due.items():
                kept.last_from(asked_at)
                if lease_id in lost:
                    kept.ends_at = -math.inf
        with self._wake:
            self._wake.notify()

    def _tell(self, kept: _Kept) -> None:
        try:
            kept.on_lost()
        except Exception:
            logger.exception("a lease was lost, and whoever held it could not be told")


_keeper = Keeper()


def get_keeper() -> Keeper:
    """The process's keeper."""
    return _keeper


def _after_fork_in_child() -> None:
    global _keeper
    _keeper = Keeper()  # the leases are the parent's


os.register_at_fork(after_in_child=_after_fork_in_child)
