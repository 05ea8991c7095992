"""Clients for functions that need one.

@inject_client
async def newest(*, client: HeadraceClient) -> FlowRun:
    return (await client.read_flow_runs(limit=1))[0]

await newest()                  # with a client of its own
await newest(client=client)     # with this one
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from headrace.client.orchestration import HeadraceClient, get_client

P = ParamSpec("P")
R = TypeVar("R")


def get_or_create_client(client: HeadraceClient | None = None) -> tuple[HeadraceClient, bool]:
    """The client that is given, or a new one; and whether it was there already."""
    return (get_client(), False) if client is None else (client, True)


def client_injector(
    func: Callable[Concatenate[HeadraceClient, P], Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Give an asynchronous function a new client as its first argument."""

    @functools.wraps(func)
    async def with_client(*args: P.args, **kwargs: P.kwargs) -> R:
        async with get_client() as client:
            return await func(client, *args, **kwargs)

    return with_client


def inject_client(fn: Callable[..., Awaitable[R]]) -> Callable[..., Coroutine[Any, Any, R]]:
    """Give an asynchronous function its argument `client`, where its caller gives none.

    A client that was made for it is closed when it ends.
    """

    @functools.wraps(fn)
    async def with_client(*args: Any, client: HeadraceClient | None = None, **kwargs: Any) -> R:
        if client is not None:
            return await fn(*args, client=client, **kwargs)
        async with get_client() as own:
            return await fn(*args, client=own, **kwargs)

    return with_client
