"""What the service answers, made into data or into an error; the same for every way to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from headrace.exceptions import CursorExpired, ServiceError, ServiceUnreachable

#: What is said while a service is broken, and by a proxy while the service behind it is away.
_PASSING = (500, 502, 503, 504)


def encode_request(query: str, variables: Mapping[str, object] | None) -> bytes:
    """The body of a request."""
    return msgspec.json.encode({"query": query, "variables": variables or {}})


def decode_response(url: str, status: int, content: bytes) -> dict[str, Any]:
    """The data of an HTTP answer.

    Raises:
        ServiceError: the service answered with an error.
        ServiceUnreachable: what answered is no headrace service, or not in order.
    """
    try:
        return data_of(msgspec.json.decode(content, type=dict[str, Any]))
    except ServiceError as error:
        if error.code != "LedgerUnusable":
            raise
        told = f"the database of the service at {url} is away: {error}"
        raise ServiceError(told, error.code, error.field) from None
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError):
        raise ServiceUnreachable(
            f"the service at {url} is not in order (HTTP {status})"
            if status in _PASSING
            else f"what answers at {url} is no headrace service, or a broken one (HTTP {status}); "
            "check HEADRACE_API_URL"
        ) from None


def data_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a GraphQL answer.

    Raises:
        ServiceError: it has errors, of which the first is raised.
        LookupError: it is no GraphQL answer.
    """
    errors = answer.get("errors")
    if errors:
        raise error_of(errors[0])
    data: dict[str, Any] = answer["data"]
    return data


def error_of(error: Mapping[str, Any]) -> ServiceError:
    """The exception for one GraphQL error."""
    extensions = error.get("extensions") or {}
    message = str(error.get("message", "the service answered with an error"))
    code = str(extensions.get("code", "Error"))
    if code == "CursorExpired":
        return CursorExpired(message, str(extensions.get("oldestCursor", "")))
    return ServiceError(message, code, extensions.get("field"))


def unreachable(url: str, error: Exception, *, unsent: bool = False) -> ServiceUnreachable:
    """What it means that nobody answers at an address.

    Args:
        url: the address.
        error: what was found there.
        unsent: whether it was found before anything was sent.
    """
    reason = str(error) or type(error).__name__
    told = ServiceUnreachable(f"nobody answers at {url} ({reason})")
    told.unsent = unsent
    return told


@contextmanager
def unreachable_at(url: str) -> Iterator[None]:
    """Make httpx's errors one line that names the address.

    Raises:
        ServiceUnreachable: in the place of an error of httpx.
    """
    from headrace.web import httpx

    try:
        yield
    except httpx.TransportError as error:
        unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        raise unreachable(url, error, unsent=unsent) from None
    except httpx.InvalidURL as error:
        raise ServiceUnreachable(f"{url} is no usable address ({error})") from None
