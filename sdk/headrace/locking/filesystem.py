"""Locks among the processes that share a folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from headrace.locking.base import PollingLockManager

#: The open files of the locks that this process holds, by path. The operating system gives their
#: `flock` back when they are closed everywhere, so that no lock outlives the process that holds it.
_open_files: dict[str, int] = {}


class FileSystemLockManager(PollingLockManager):
    """Keeps locks as files. A lock whose process has died is free.

    Args:
        lock_files_directory: the folder of the files; created when the first lock is taken.
    """

    def __init__(self, lock_files_directory: Path | str) -> None:
        self.lock_files_directory = Path(lock_files_directory).expanduser().resolve()

    def release_lock(self, key: str, holder: str) -> None:
        """Give the lock back.

        Raises:
            ValueError: the holder does not have it.
        """
        with self._guard():
            held = self._read(key)
            if held is None:
                raise ValueError(f"No lock for transaction with key {key}")
            if held["holder"] != holder:
                raise ValueError(f"No lock held by {holder} for transaction with key {key}")
            self._remove(key)

    def is_locked(self, key: str) -> bool:
        """Whether anybody has the lock."""
        if not self._path(key).exists():
            return False
        with self._guard():
            return self._read(key) is not None

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether `holder` has the lock."""
        if not self._path(key).exists():
            return False
        with self._guard():
            held = self._read(key)
            return held is not None and held["holder"] == holder

    def _try(self, key: str, holder: str, hold_timeout: float | None) -> bool:
        with self._guard():
            held = self._read(key)
            if held is not None:
                return bool(held["holder"] == holder)
            self._remove(key)
            expires = None if hold_timeout is None else time.time() + hold_timeout
            path = str(self._path(key))
            file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                os.write(file, json.dumps({"holder": holder, "expiration": expires}).encode())
            except BaseException:  # a full disk: nobody could read who has the lock
                self._path(key).unlink()
                os.close(file)
                raise
            _open_files[path] = file
            return True

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        """While within, no other thread or process looks at these locks or changes them."""
        self.lock_files_directory.mkdir(parents=True, exist_ok=True)
        file = os.open(self.lock_files_directory / ".guard", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _read(self, key: str) -> dict[str, Any] | None:
        """Who holds the lock, and until when; None if it is free."""
        try:
            file = os.open(self._path(key), os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None  # nobody has it open: its process has died
            held: dict[str, Any] = json.loads(os.read(file, 1 << 20))
        finally:
            os.close(file)
        expires = held["expiration"]
        return None if expires is not None and expires <= time.time() else held

    def _remove(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        file = _open_files.pop(str(path), None)
        if file is not None:
            os.close(file)

    def _path(self, key: str) -> Path:
        return self.lock_files_directory / f"{quote(key, safe='')}.lock"


def _after_fork_in_child() -> None:
    # Open here as well, the files would keep the parent's locks beyond its death.
    for file in _open_files.values():
        os.close(file)
    _open_files.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
