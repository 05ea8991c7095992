"""One client for all that a process asks in passing: a question costs a round trip, no more.

    >>> await ask(saved.variable("rate"))

The client lives in an event loop of its own thread, so that it does not matter who asks, nor from
which loop.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from pathlib import Path
from typing import TypeVar

from headrace.client.clients import AsyncClient
from headrace.client.operations import Operation
from headrace.settings import get_settings
from headrace.utilities.asyncutils import start_in_shared_loop

T = TypeVar("T")

#: The process, and the service or ledger, that a client is good for.
_Target = tuple[int, str | None, Path | str]

_client: AsyncClient | None = None
_target: _Target | None = None
_hooked = False


async def ask(operation: Operation[T]) -> T:
    """Perform an operation on the service or ledger that the settings name.

    Raises:
        ServiceError: the service answered with an error.
        SetupError: there is nobody to ask; the message says why.
    """
    return await asyncio.wrap_future(start_in_shared_loop(_perform(operation)))


async def _perform(operation: Operation[T]) -> T:
    client = await _current()
    return await client.perform(operation)


async def _current() -> AsyncClient:
    """The client for the settings as they are; one for other settings is closed."""
    global _client, _target, _hooked
    settings = get_settings()
    target = (os.getpid(), settings.service_url, settings.ledger)
    if _client is None or _target != target:
        former, was = _client, _target
        _client, _target = AsyncClient(), target
        # What a forked child inherits is its parent's to close.
        if former is not None and was is not None and was[0] == target[0]:
            await former.close()
        if not _hooked:
            _hooked = True
            atexit.register(close)
    return _client


def close() -> None:
    """Let go of connections and files; the next question opens them again."""
    global _client
    client, _client = _client, None
    if client is not None and _target is not None and _target[0] == os.getpid():
        start_in_shared_loop(client.close()).result()
