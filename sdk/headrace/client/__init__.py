"""Clients: ask what is known about runs, and follow what happens to them."""

from __future__ import annotations

from headrace.client.clients import AsyncClient, Client, get_client
from headrace.client.subscriptions import ConnectionState, ConnectionStatus

__all__ = ["AsyncClient", "Client", "ConnectionState", "ConnectionStatus", "get_client"]
