"""Requests to a service, sent by threads that wait for the answer: over connections that are kept.

What leads straight to a service, and needs no encryption, is left to the standard library: a
request costs a third of what httpx takes for it, which need not even be loaded. Head and body go in
one packet. All else (certificates, proxies) is httpx's.
"""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from headrace.client.answers import unreachable, unreachable_at
from headrace.endpoints import http_options, is_loopback

if TYPE_CHECKING:
    import httpx

#: Seconds until a connection stands, at most.
CONNECT_TIMEOUT = 5.0
#: Seconds of silence after which it is looked whether anybody is there, if others can be asked, and
#: for how long.
SILENCE, LOOK = 2.0, 2.0
#: Where one is told that somebody is there.
HEALTH = "/health"
#: What is said of a process that takes connections, and does nothing with them.
HAS_STOPPED = "it takes requests and answers none, not even whether it is there"
#: Connections that are kept while nobody needs them.
KEPT = 20
#: Seconds after which the other side may have closed a connection that nobody has used.
FRESH = 0.05


class Poster(Protocol):
    """Posts requests to one service. May be used from every thread."""

    def post(self, body: bytes, *, may_go_on: bool = False) -> tuple[int, bytes]:
        """The status and the body of the answer.

        Args:
            body: the request.
            may_go_on: whether somebody else can be asked: then one that has stopped is not waited
                for as long as one that is at work.

        Raises:
            ServiceUnreachable: nobody answers in time.
        """

    def close(self) -> None:
        """Close all connections; requests that are under way fail."""


def poster(url: str, token: str | None, timeout: float) -> Poster:
    """What posts requests to the service at `url`.

    Args:
        url: the service's address.
        token: what it is to know us by, if by anything.
        timeout: seconds that it may take to answer.
    """
    return (Direct if _is_direct(url) else ByHttpx)(url, token, timeout)


def httpx_options(url: str, token: str | None, timeout: float) -> dict[str, Any]:
    """How a client of httpx is to be set up; the arguments are those of `poster`."""
    from headrace.web import httpx

    limit = httpx.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout))
    # Mutations that wait for something must not take the connections of those that bring it about.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=KEPT)
    return {"timeout": limit, "limits": limits, **http_options(url, token)}


async def answer_of(
    client: httpx.AsyncClient, url: str, body: bytes, may_go_on: bool
) -> httpx.Response:
    """The answer to a request of a coroutine; the arguments are those of `Poster.post`.

    Raises:
        ServiceUnreachable: nobody answers in time.
    """
    import asyncio

    with unreachable_at(url):
        if not may_go_on:
            return await client.post(f"{url}/graphql", content=body)
        asking = asyncio.ensure_future(client.post(f"{url}/graphql", content=body))
        try:
            answered, _ = await asyncio.wait((asking,), timeout=SILENCE)
            if not answered and not await _is_there(client, url):
                raise unreachable(url, TimeoutError(HAS_STOPPED))
            return await asking
        finally:
            asking.cancel()


async def _is_there(client: httpx.AsyncClient, url: str) -> bool:
    """Whether anybody answers, however busy."""
    from headrace.web import httpx

    try:
        await client.get(f"{url}{HEALTH}", timeout=LOOK)
    except httpx.TransportError:
        return False
    return True


class ByHttpx:
    """See `Poster`; the arguments are those of `poster`."""

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        from headrace.web import httpx

        self._url = url
        self._client: httpx.Client = httpx.Client(**httpx_options(url, token, timeout))

    def post(self, body: bytes, *, may_go_on: bool = False) -> tuple[int, bytes]:
        """See `Poster.post`; httpx cannot look elsewhere while it waits, and so waits on."""
        with unreachable_at(self._url):
            response = self._client.post(f"{self._url}/graphql", content=body)
        return response.status_code, response.content

    def close(self) -> None:
        """See `Poster.close`."""
        self._client.close()


class Direct:
    """See `Poster`; the arguments are those of `poster`."""

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        parts = urlsplit(url)
        self._url = url
        self._host, self._port = parts.hostname or "", parts.port
        self._path = f"{parts.path}/graphql"
        self._headers: dict[str, str] = http_options(url, token)["headers"]
        self._timeout = timeout
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._closed = False

    def post(self, body: bytes, *, may_go_on: bool = False) -> tuple[int, bytes]:
        """See `Poster.post`."""
        connection: _Connection | None = None
        try:
            connection = self._connected()
            try:
                connection.ask(self._path, body, self._headers)
                if may_go_on and connection.is_silent() and not self._is_there():
                    raise TimeoutError(HAS_STOPPED)
                answer = connection.answer()
            except BaseException:  # also when whoever asks is interrupted: the answer comes yet
                self._drop(connection)
                raise
        except (OSError, http.client.HTTPException, ValueError) as error:  # of odd tokens, the last
            raise unreachable(self._url, error, unsent=connection is None) from None
        if connection.sock is None or self._closed or len(self._idle) >= KEPT:
            self._drop(connection)
        else:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """See `Poster.close`."""
        self._closed = True
        while (connection := self._take()) is not None:
            self._drop(connection)
        for connection in list(self._open):  # closed by those who wait there
            connection.hang_up()

    def _connected(self) -> _Connection:
        """A connection that nobody else uses."""
        while (kept := self._take()) is not None:
            if kept.is_usable():
                return kept
            self._drop(kept)
        connection = _Connection(self._host, self._port, timeout=self._timeout)
        self._open.add(connection)
        try:
            connection.connect()
        except BaseException:
            self._drop(connection)
            raise
        return connection

    def _is_there(self) -> bool:
        """Whether anybody answers, however busy."""
        looking = http.client.HTTPConnection(self._host, self._port, timeout=LOOK)
        try:
            looking.request("GET", self._path.removesuffix("/graphql") + HEALTH)
            looking.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            looking.close()
        return True

    def _take(self) -> _Connection | None:
        """A connection that nobody needs; by one thread alone, whoever else takes some."""
        with suppress(IndexError):
            return self._idle.pop()
        return None

    def _drop(self, connection: _Connection) -> None:
        connection.close()
        self._open.discard(connection)


class _Connection(http.client.HTTPConnection):
    """Sends a request's head and body together, as one packet if they fit."""

    def connect(self) -> None:
        """Connect, within the time that is allowed for it."""
        allowed, self.timeout = self.timeout, min(CONNECT_TIMEOUT, self.timeout or CONNECT_TIMEOUT)
        try:
            super().connect()
        finally:
            self.timeout = allowed
        self.sock.settimeout(allowed)

    def ask(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        """Send a request."""
        self._parcel = b""
        self.request("POST", path, body, headers)
        self.sock.sendall(self._parcel)

    def is_silent(self) -> bool:
        """Whether the answer has not begun after a while."""
        self.sock.settimeout(SILENCE)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(self.timeout)
        return False

    def answer(self) -> tuple[int, bytes]:
        """The status and the body of what is answered."""
        with self.getresponse() as response:
            content = response.read()
        self._used_at = time.monotonic()
        return response.status, content

    def send(self, data: Any) -> None:
        """Keep what `request` sends until it is all there."""
        self._parcel += data

    def is_usable(self) -> bool:
        """Whether the other side has not closed it, as far as can be seen."""
        if time.monotonic() - self._used_at < FRESH:
            return True
        self.sock.setblocking(False)
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.sock.settimeout(self.timeout)
        return False  # it has ended, or says what nobody has asked for

    def hang_up(self) -> None:
        """Close it, also for a thread that waits for an answer."""
        if (sock := self.sock) is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _is_direct(url: str) -> bool:
    """Whether nothing lies before the service that httpx would have to deal with."""
    parts = urlsplit(url)
    if parts.scheme != "http" or "@" in parts.netloc:
        return False
    if is_loopback(url):
        return True
    from urllib.request import getproxies

    return not getproxies()
