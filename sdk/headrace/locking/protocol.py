"""What every lock manager can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class LockManager(Protocol):
    """Keeps locks, each with a key, and a holder that is named by any text.

    A holder may acquire its lock again. Times are in seconds.
    """

    def acquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """Wait until the lock is free and take it.

        Args:
            key: what is locked.
            holder: who holds it.
            acquire_timeout: how long to wait at most; None waits for as long as it takes.
            hold_timeout: after how long the lock is free again in any case; None never.

        Returns:
            Whether the lock was taken.
        """

    async def aacquire_lock(
        self,
        key: str,
        holder: str,
        acquire_timeout: float | None = None,
        hold_timeout: float | None = None,
    ) -> bool:
        """As `acquire_lock`, without holding up the event loop."""

    def release_lock(self, key: str, holder: str) -> None:
        """Give the lock back.

        Raises:
            ValueError: the holder does not have it.
        """

    def is_locked(self, key: str) -> bool:
        """Whether anybody has the lock."""

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether `holder` has the lock."""

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until the lock is free, without taking it; False if it was not free in time."""

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """As `wait_for_lock`, without holding up the event loop."""
