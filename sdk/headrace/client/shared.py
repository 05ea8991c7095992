"""One client for all that a process asks in passing: a question costs a round trip, no more.

    >>> await ask(saved.variable("rate"))

The client lives in an event loop of its own thread, so that it does not matter who asks, nor from
which loop. Code that waits for the answer where it stands has another one, which costs it no
change of threads:

    >>> ask_and_wait(saved.variable("rate"))
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from pathlib import Path
from typing import Generic, TypeVar

from headrace.client.clients import AsyncClient, Client
from headrace.client.operations import Operation
from headrace.settings import get_settings
from headrace.utilities.asyncutils import start_in_shared_loop

T = TypeVar("T")
C = TypeVar("C")

#: The service or ledger that a client is good for, and who asks there.
_Target = tuple[str | None, Path | str, str | None]


class _Shared(Generic[C]):
    """A client, and how many ask by it now: other settings must not take it away from them."""

    def __init__(self, client: C, target: _Target) -> None:
        self.client = client
        self.target = target
        self._users = 0
        self._retired = False

    def enter(self) -> None:
        """One more asks by it."""
        self._users += 1

    def leave(self) -> bool:
        """One has done; whether it is to be closed now."""
        self._users -= 1
        return self._retired and not self._users

    def retire(self) -> bool:
        """No more are to come; whether it is to be closed now."""
        self._retired = True
        return not self._users


#: The client in the loop, which is known there alone; and that of those who wait, with its lock.
_in_loop: _Shared[AsyncClient] | None = None
_waiting: _Shared[Client] | None = None
_changing = threading.Lock()
_hooked = False


async def ask(operation: Operation[T]) -> T:
    """Perform an operation on the service or ledger that the settings name.

    Raises:
        ServiceError: the service answered with an error.
        SetupError: there is nobody to ask; the message says why.
    """
    return await asyncio.wrap_future(start_in_shared_loop(_perform(operation)))


def ask_and_wait(operation: Operation[T]) -> T:
    """As `ask`, and as quick as can be; the thread waits for the answer.

    Raises:
        ServiceError: the service answered with an error.
        SetupError: there is nobody to ask; the message says why.
    """
    shared = _entered()
    try:
        return shared.client.perform(operation)
    finally:
        with _changing:
            is_over = shared.leave()
        if is_over:
            shared.client.close()


async def _perform(operation: Operation[T]) -> T:
    shared = await _entered_in_loop()
    try:
        return await shared.client.perform(operation)
    finally:
        if shared.leave():
            await shared.client.close()


async def _entered_in_loop() -> _Shared[AsyncClient]:
    """The client for the settings as they are; one for other settings is closed."""
    global _in_loop
    target, former = _current_target(), _in_loop
    if former is None or former.target != target:
        _in_loop = _Shared(AsyncClient(), target)
        _close_at_exit()
    shared = _in_loop
    assert shared is not None
    shared.enter()
    if former is not None and former is not shared and former.retire():
        await former.client.close()
    return shared


def _entered() -> _Shared[Client]:
    """The same for those that wait."""
    global _waiting
    target = _current_target()
    with _changing:
        former = _waiting
        if former is None or former.target != target:
            _waiting = _Shared(Client(), target)
            _close_at_exit()
        shared = _waiting
        assert shared is not None
        shared.enter()
        is_over = former is not None and former is not shared and former.retire()
    if is_over and former is not None:
        former.client.close()
    return shared


def _current_target() -> _Target:
    settings = get_settings()
    return settings.service_url, settings.ledger, settings.api_key


def _close_at_exit() -> None:
    global _hooked
    if not _hooked:
        _hooked = True
        atexit.register(close)


def close() -> None:
    """Let go of connections and files; the next question opens them again."""
    global _in_loop, _waiting
    waiting, _waiting = _waiting, None
    if waiting is not None:
        waiting.client.close()
    in_loop, _in_loop = _in_loop, None
    if in_loop is not None:
        start_in_shared_loop(in_loop.client.close()).result()


#: What a forked child inherits is its parent's, and left alone.
_inherited: list[object] = []


def _begin_anew() -> None:
    global _in_loop, _waiting, _changing
    _inherited.extend((_in_loop, _waiting))
    _in_loop = _waiting = None
    _changing = threading.Lock()


os.register_at_fork(after_in_child=_begin_anew)
