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
from typing import TypeVar

from headrace.client.clients import AsyncClient, Client
from headrace.client.operations import Operation
from headrace.settings import get_settings
from headrace.utilities.asyncutils import start_in_shared_loop

T = TypeVar("T")

#: The process, and the service or ledger, that a client is good for.
_Target = tuple[int, str | None, Path | str]

_client: AsyncClient | None = None
_target: _Target | None = None
#: The client of those that wait, and what it is good for.
_waiting: tuple[Client, _Target] | None = None
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
    return _current_waiting().perform(operation)


async def _perform(operation: Operation[T]) -> T:
    client = await _current()
    return await client.perform(operation)


async def _current() -> AsyncClient:
    """The client for the settings as they are; one for other settings is closed."""
    global _client, _target
    target = _current_target()
    if _client is None or _target != target:
        former, was = _client, _target
        _client, _target = AsyncClient(), target
        # What a forked child inherits is its parent's to close.
        if former is not None and was is not None and was[0] == target[0]:
            await former.close()
        _close_at_exit()
    return _client


def _current_waiting() -> Client:
    """The same for those that wait."""
    global _waiting
    target, former = _current_target(), _waiting
    if former is not None and former[1] == target:
        return former[0]
    with _changing:
        if _waiting is None or _waiting[1] != target:
            former, _waiting = _waiting, (Client(), target)
            if former is not None:
                former[0].close()
            _close_at_exit()
        return _waiting[0]


def _current_target() -> _Target:
    settings = get_settings()
    return os.getpid(), settings.service_url, settings.ledger


def _close_at_exit() -> None:
    global _hooked
    if not _hooked:
        _hooked = True
        atexit.register(close)


def close() -> None:
    """Let go of connections and files; the next question opens them again."""
    global _client, _waiting
    waiting, _waiting = _waiting, None
    if waiting is not None:
        waiting[0].close()
    client, _client = _client, None
    if client is not None and _target is not None and _target[0] == os.getpid():
        start_in_shared_loop(client.close()).result()
