"""Clients: ask what is known about runs, and follow what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.client.clients import AsyncClient, Client
from headrace.client.subscriptions import ConnectionState, ConnectionStatus

if TYPE_CHECKING:
    from headrace.client.orchestration import get_client as get_client

__all__ = ["AsyncClient", "Client", "ConnectionState", "ConnectionStatus", "get_client"]


def __getattr__(name: str) -> object:
    if name != "get_client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Its clients answer with objects, which cost a while to load.
    from headrace.client.orchestration import get_client

    return get_client
