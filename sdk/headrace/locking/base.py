"""What lock managers have in common: everything but one try at a lock."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable

#: Seconds between two tries.
INTERVAL = 0.02


class PollingLockManager(ABC):
    """A lock manager whose waiting is trying again; a subclass tells how to try once."""

    @abstractmethod
    def _try(self, key: str, holder: str, hold_timeout: float | None) -> bool:
        """Take the lock if it is free or already the holder's."""

    @abstractmethod
    def is_locked(self, key: str) -> bool:
        """Whether anybody has the lock."""

    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Wait until the lock is free and take it; see `LockManager.acquire_lock`."""
        return _poll(lambda: self._try(key, holder, hold_timeout), acquire_timeout)

    async def aacquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """As `acquire_lock`, without holding up the event loop."""
        return await _poll_async(lambda: self._try(key, holder, hold_timeout), acquire_timeout)

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until the lock is free, without taking it; False if it was not free in time."""
        return _poll(lambda: not self.is_locked(key), timeout)

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """As `wait_for_lock`, without holding up the event loop."""
        return await _poll_async(lambda: not self.is_locked(key), timeout)


def _poll(succeeds: Callable[[], bool], timeout: float | None) -> bool:
    """Try until it succeeds, for at most `timeout` seconds; once at least."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while not succeeds():
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(INTERVAL)
    return True


async def _poll_async(succeeds: Callable[[], bool], timeout: float | None) -> bool:
    """As `_poll`, without holding up the event loop."""
    import asyncio  # it runs already, or this would not

    deadline = None if timeout is None else time.monotonic() + timeout
    while not succeeds():
        if deadline is not None and time.monotonic() >= deadline:
            return False
        await asyncio.sleep(INTERVAL)
    return True
