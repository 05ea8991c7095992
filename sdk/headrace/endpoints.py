"""What it takes to reach a service, said once for the recorder and the clients."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Whether a service's address is on this machine: no proxy leads there."""
    return urlsplit(url).hostname in LOOPBACK


def http_options(url: str) -> dict[str, Any]:
    """How a client of httpx is to be set up to post JSON to a service.

    Certificates and proxies, which take a while to read, are read only where they are needed.
    """
    return {
        "headers": {"content-type": "application/json"},
        "verify": urlsplit(url).scheme == "https",
        "trust_env": not is_loopback(url),
    }
