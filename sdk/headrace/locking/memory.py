"""Locks among the threads and coroutines of one process."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, NamedTuple

from headrace.locking.base import PollingLockManager


class _Held(NamedTuple):
    holder: str
    #: When it is free in any case, by `time.monotonic()`.
    expires: float | None


class MemoryLockManager(PollingLockManager):
    """Keeps locks in this process's memory. There is one of it: all instances are the same."""

    _instance: MemoryLockManager | None = None
    _locks: dict[str, _Held]
    _guard: threading.Lock

    def __new__(cls) -> MemoryLockManager:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance._reset()
        return cls._instance

    def _reset(self) -> None:
        self._locks = {}
        self._guard = threading.Lock()

    def release_lock(self, key: str, holder: str) -> None:
        """Give the lock back.

        Raises:
            ValueError: the holder does not have it.
        """
        with self._guard:
            if not self._is_held_by(key, holder):
                raise ValueError(f"No lock held by {holder} for transaction with key {key}")
            del self._locks[key]

    def is_locked(self, key: str) -> bool:
        """Whether anybody has the lock."""
        with self._guard:
            return self._current(key) is not None

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether `holder` has the lock."""
        with self._guard:
            return self._is_held_by(key, holder)

    def _try(self, key: str, holder: str, hold_timeout: float | None) -> bool:
        with self._guard:
            if self._current(key) is None:
                expires = None if hold_timeout is None else time.monotonic() + hold_timeout
                self._locks[key] = _Held(holder, expires)
            return self._is_held_by(key, holder)

    def _current(self, key: str) -> _Held | None:
        held = self._locks.get(key)
        if held is not None and held.expires is not None and held.expires <= time.monotonic():
            del self._locks[key]
            return None
        return held

    def _is_held_by(self, key: str, holder: str) -> bool:
        held = self._current(key)
        return held is not None and held.holder == holder

    def __reduce__(self) -> tuple[Any, ...]:
        # Locks stay in their process; another one has a manager of its own.
        return MemoryLockManager, ()


def _after_fork_in_child() -> None:
    # The holders of the parent's locks do not run here, and would never give them back.
    if MemoryLockManager._instance is not None:
        MemoryLockManager._instance._reset()


os.register_at_fork(after_in_child=_after_fork_in_child)
