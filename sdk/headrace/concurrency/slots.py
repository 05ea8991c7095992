"""Where slots are asked for: the service, or this machine's ledger file when there is none."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Protocol
from uuid import UUID

from headrace.records import SlotAnswer, SlotRequest
from headrace.settings import get_settings


class Asked(Future[SlotAnswer]):
    """An answer that comes from elsewhere.

    `since` is a moment of the `clock`, once it has come: slots that were granted are held from then
    on or later. Nobody knows how long the answer was under way, or this process asleep.
    """

    since: float


class Slots(Protocol):
    """The slots of the limits of one ledger. May be used from every thread."""

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        """Ask for slots; the future answers when they are granted, or never will be.

        It is `Asked` where the answer is not given in this process. It is cancelled when the
        ledger was closed for a fork: ask again, under the same lease.
        Whoever waits no longer releases the lease.
        """

    def release(self, lease_id: UUID) -> Future[list[UUID]]:
        """Give a lease back, or wait for it no more.

        The future has it, unless it is known to have ended before.
        """

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        """Let each lease last for so many seconds from now on; the future has the lost ones."""

    def close(self) -> None:
        """Let go of connections and files; what is asked later opens them anew."""


_lock = threading.Lock()
_slots: dict[str, Slots] = {}
_hooked = False


def get_slots() -> Slots:
    """The slots of what the settings name.

    Raises:
        SetupError: the settings cannot be used.
    """
    settings = get_settings()
    target = settings.service_url or str(settings.ledger)
    slots = _slots.get(target)
    if slots is None:
        with _lock:
            slots = _slots.get(target)
            if slots is None:
                _hook()
                if settings.service_url is not None:
                    from headrace.concurrency.service import ServiceSlots

                    slots = ServiceSlots(settings.service_url)
                else:
                    from headrace.recorder.embedded import EmbeddedSlots

                    slots = EmbeddedSlots(settings.ledger)
                _slots[target] = slots
    return slots


def _hook() -> None:
    global _hooked
    if not _hooked:
        _hooked = True
        atexit.register(close_slots)
        os.register_at_fork(after_in_child=_after_fork_in_child)


def close_slots() -> None:
    """Let go of all connections and files; what is asked later opens them anew."""
    for slots in list(_slots.values()):
        slots.close()
    _slots.clear()


# What a child inherits of its parent's connections and threads is left alone, not collected.
_inherited: list[Slots] = []


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    _inherited.extend(_slots.values())
    _slots.clear()
