"""What it takes to reach a service, said once for the recorder and the clients."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from headrace.exceptions import ServiceTooOld, ServiceUnreachable
from headrace.records import WIRE_VERSION

LOOPBACK = ("127.0.0.1", "localhost", "::1")

#: What a service that cannot work now answers, or the proxy before one that is down.
AWAY = frozenset({502, 503, 504})


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


def only_reads(document: str) -> bool:
    """Whether a GraphQL document has no mutation in it."""
    return "mutation" not in document


class Addresses:
    """The addresses of one service, of which one is asked until nobody answers there.

    Args:
        text: the addresses, with commas between.
    """

    def __init__(self, text: str) -> None:
        self.all = tuple(text.split(","))
        self._place = 0

    @property
    def current(self) -> str:
        """The one that is asked."""
        return self.all[self._place]

    def move_on(self, failed: str) -> None:
        """Nobody answers at `failed`: if that is the one that is asked, it is the next from now."""
        if self.current == failed:
            self._place = (self._place + 1) % len(self.all)

    def tries(self, repeatable: bool) -> Tries:
        """A request's way round the addresses.

        Args:
            repeatable: whether it does no harm that two of them get it.
        """
        return Tries(self, repeatable)


@functools.cache
def addresses_of(text: str) -> Addresses:
    """The addresses that `text` names; all of a process share which one is asked."""
    return Addresses(text)


def is_same_service(one: str, other: str) -> bool:
    """Whether two texts of addresses, or of other targets, lead to the same place."""
    if not one.startswith("http"):
        return one == other
    return not set(one.split(",")).isdisjoint(other.split(","))


class Tries:
    """One request on its way round the addresses, until somebody answers.

    What a service may have got already is brought to another only if it is `repeatable`.

    Example:
        >>> while tries.left:
        ...     with tries.next() as url:
        ...         response = post(url)
        ...         tries.answered(response.status_code)
    """

    def __init__(self, addresses: Addresses, repeatable: bool) -> None:
        self._addresses = addresses
        self._repeatable = repeatable
        self._failures: list[str] = []
        self.left = len(addresses.all)  #: at how many addresses it is still to be tried
        self.url = addresses.current  #: where it is tried, or was answered

    @property
    def may_go_on(self) -> bool:
        """Whether somebody else can be asked in the place of who does not answer."""
        return self._repeatable and self.left > 0

    @contextmanager
    def next(self) -> Iterator[str]:
        """Try it at the address that is asked at present.

        Raises:
            ServiceUnreachable: nobody answers, and there is nobody else to be asked.
        """
        self.url = self._addresses.current
        self.left -= 1
        try:
            yield self.url
        except ServiceUnreachable as error:
            self._addresses.move_on(self.url)
            self._failures.append(str(error))
            if not self.left or not (error.unsent or self._repeatable):
                raise ServiceUnreachable("; ".join(self._failures)) from None

    def answered(self, status: int) -> None:
        """There is an answer of this HTTP status; it is the last word, unless that says "away"."""
        if status in AWAY:
            self._addresses.move_on(self.url)
            self._failures.append(f"{self.url} answers HTTP {status}")
            if self._repeatable:
                return
        self.left = 0


def refuse_older_service(url: str, version: str, wire_version: int) -> None:
    """See to it that the service speaks as this installation does.

    Args:
        url: the service's address.
        version, wire_version: what it says of itself.

    Raises:
        ServiceTooOld: it does not.
    """
    if wire_version < WIRE_VERSION:
        raise ServiceTooOld(
            f"the service at {url} is headrace {version}, too old for this installation "
            f"(wire version {wire_version}, needed {WIRE_VERSION}); upgrade the service"
        )
