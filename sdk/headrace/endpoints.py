"""What it takes to reach a service, said once for the recorder and the clients."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Whether a service's address is on this machine: no proxy leads there."""
    return urlsplit(url).hostname in LOOPBACK


def authorization(token: str | None) -> dict[str, str]:
    """The header, or the first message's field, that presents a token; none without one."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def http_options(url: str, token: str | None) -> dict[str, Any]:
    """How a client of httpx is to be set up to post JSON to a service.

    Certificates and proxies, which take a while to read, are read only where they are needed.

    Args:
        url: the service's address.
        token: what the service is to know us by, if by anything.
    """
    return {
        "headers": {"content-type": "application/json", **authorization(token)},
        "verify": urlsplit(url).scheme == "https",
        "trust_env": not is_loopback(url),
    }
