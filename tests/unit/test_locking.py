"""Locks: one holder at a time, among threads and among processes."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.locking.filesystem import FileSystemLockManager
from headrace.locking.memory import MemoryLockManager
from headrace.locking.protocol import LockManager


@pytest.fixture(params=["memory", "files"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LockManager]:
    manager: LockManager
    if request.param == "files":
        manager = FileSystemLockManager(tmp_path / "locks")
    else:
        manager = MemoryLockManager()
    assert isinstance(manager, LockManager)
    yield manager
    MemoryLockManager()._reset()  # the process has but one: what a test leaves locked stays locked


def test_one_holder_at_a_time(locks: LockManager) -> None:
    assert not locks.is_locked("a/key")
    assert locks.acquire_lock("a/key", "one")
    assert locks.acquire_lock("a/key", "one")
    assert locks.is_locked("a/key")
    assert locks.is_lock_holder("a/key", "one")
    assert not locks.is_lock_holder("a/key", "two")
    assert not locks.acquire_lock("a/key", "two", acquire_timeout=0)
    assert not locks.wait_for_lock("a/key", timeout=0.03)
    assert locks.acquire_lock("a/key2", "two")
    locks.release_lock("a/key", "one")
    assert locks.wait_for_lock("a/key")
    assert locks.acquire_lock("a/key", "two", acquire_timeout=0)


def test_only_the_holder_gives_it_back(locks: LockManager) -> None:
    with pytest.raises(ValueError, match="key k"):
        locks.release_lock("k", "one")
    locks.acquire_lock("k", "one")
    with pytest.raises(ValueError, match="No lock held by two for transaction with key k"):
        locks.release_lock("k", "two")
    assert locks.is_lock_holder("k", "one")


def test_a_lock_that_is_held_too_long_is_free(locks: LockManager) -> None:
    assert locks.acquire_lock("k", "one", hold_timeout=0.01)
    assert locks.acquire_lock("k", "two")
    assert locks.is_lock_holder("k", "two")
    with pytest.raises(ValueError, match="No lock held by one"):
        locks.release_lock("k", "one")


def test_waiting_ends_when_it_is_given_back(locks: LockManager) -> None:
    order: list[str] = []
    locks.acquire_lock("k", "one")

    def wait() -> None:
        locks.acquire_lock("k", "two")
        order.append("taken")
        locks.release_lock("k", "two")

    thread = threading.Thread(target=wait)
    thread.start()
    order.append("given back")
    locks.release_lock("k", "one")
    thread.join()
    assert order == ["given back", "taken"]


async def test_waiting_in_coroutines(locks: LockManager) -> None:
    assert await locks.aacquire_lock("k", "one")
    assert not await locks.aacquire_lock("k", "two", acquire_timeout=0)
    waiting = asyncio.ensure_future(locks.aacquire_lock("k", "two"))
    await asyncio.sleep(0)
    locks.release_lock("k", "one")
    assert await waiting
    assert not await locks.await_for_lock("k", timeout=0)


def test_the_memory_is_one_and_stays_in_its_process() -> None:
    manager = MemoryLockManager()
    assert manager is MemoryLockManager()
    assert copy.deepcopy(manager) is manager
    assert pickle.loads(pickle.dumps(manager)) is manager


def test_a_lock_that_could_not_be_written_is_free(tmp_path: Path) -> None:
    locks = FileSystemLockManager(tmp_path)
    most, at_all = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, at_all))  # as if the disk were full
    try:
        with pytest.raises(OSError, match="File too large"):
            locks.acquire_lock("k", "ann")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, at_all))
        signal.signal(signal.SIGXFSZ, before)
    assert not locks.is_locked("k")
    assert locks.acquire_lock("k", "bob")


def test_a_manager_of_files_can_be_pickled(tmp_path: Path) -> None:
    manager: Any = pickle.loads(pickle.dumps(FileSystemLockManager(tmp_path)))
    assert manager.lock_files_directory == tmp_path


HOLD = """
import sys
from headrace.locking.filesystem import FileSystemLockManager
assert FileSystemLockManager(sys.argv[1]).acquire_lock("k", "child")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_process_that_dies_gives_its_locks_back(tmp_path: Path) -> None:
    locks = FileSystemLockManager(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == b"held\n"
        assert not locks.acquire_lock("k", "parent", acquire_timeout=0)
        os.kill(child.pid, signal.SIGKILL)
        assert locks.acquire_lock("k", "parent", acquire_timeout=20)


HOLD_AND_FORK = """
import os, sys
from headrace.locking.filesystem import FileSystemLockManager
assert FileSystemLockManager(sys.argv[1]).acquire_lock("k", "parent")
if os.fork():
    os._exit(0)
print("the parent has the lock, and is gone", flush=True)
sys.stdin.read()
"""


def test_a_forked_child_does_not_keep_its_parents_locks(tmp_path: Path) -> None:
    locks = FileSystemLockManager(tmp_path)
    program = [sys.executable, "-c", HOLD_AND_FORK, str(tmp_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.wait(20) == 0
        assert parent.stdout.readline().endswith(b"is gone\n")
        assert locks.acquire_lock("k", "other", acquire_timeout=0)
