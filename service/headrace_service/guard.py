"""What is looked at before a request is: the names it uses, and the page that it comes from.

A browser can be made to send requests here by any page that its user visits. Such a page is told by
its `Origin`; one whose own name has been made to point to this machine, by the `Host`.
"""

from __future__ import annotations

import enum
import ipaddress
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace_service.settings import DEFAULT_HOST, ServiceSettings

#: What answers carry unless they say otherwise: no browser does more with them than show them.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # In a frame of another page, a click could be made to run what that page has prepared.
    "X-Frame-Options": "DENY",
}
#: Methods that change nothing.
SAFE = ("GET", "HEAD", "OPTIONS")


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address means this machine."""
    if host is None or host.lower() == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Auth(enum.Enum):
    """Whether whoever asks has to present a token."""

    #: As soon as the service can be reached from elsewhere, or there is a token.
    AUTO = "auto"
    #: Always.
    REQUIRED = "required"
    #: Never: whoever reaches the port can do everything.
    OFF = "off"


class Reach(msgspec.Struct, frozen=True):
    """From where a service is reached, and whether a token is needed.

    `host` is the address that it listens on; `allowed_hosts` are other names under which it is
    reached, through a proxy, in lower case.
    """

    host: str = DEFAULT_HOST
    allowed_hosts: tuple[str, ...] = ()
    auth: Auth = Auth.AUTO

    @classmethod
    def of(cls, settings: ServiceSettings) -> Reach:
        """What the settings say of it."""
        names = (name.strip() for name in settings.allowed_hosts.split(","))
        return cls(settings.host, tuple(filter(None, names)), Auth(settings.auth))

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine's users reach it."""
        return not all(map(is_loopback, (self.host, *self.allowed_hosts)))

    @property
    def needs_token(self) -> bool:
        """Whether a token is needed even when there is none yet."""
        return self.auth is Auth.REQUIRED or (self.auth is Auth.AUTO and self.is_exposed)

    def answers_to(self, name: str) -> bool:
        """Whether requests may be addressed to that name."""
        if self.allowed_hosts or is_loopback(self.host):
            return is_loopback(name) or name.lower() in self.allowed_hosts
        return True

    def trusts(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may ask a service that it reaches as `host`."""
        try:
            page = urlsplit(origin)
            name = page.hostname
        except ValueError:
            return False
        if name is None:  # "null": a page in a sandbox, or a file
            return False
        if page.netloc.lower() == host.lower() or name.lower() in self.allowed_hosts:
            return True
        return not self.is_exposed and is_loopback(name)


class Guard:
    """Refuses requests that a foreign page has a browser send, and adds the answers' headers."""

    def __init__(self, app: ASGIApp, reach: Reach) -> None:
        self._app = app
        self._reach = reach

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if scope["type"] == "websocket":
            if refused is not None:
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        app = self._app if refused is None else refused

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._reach.answers_to(_name_in(host)):
            return PlainTextResponse(
                "This service does not answer to that name; start it with --allowed-hosts "
                "NAME when a proxy passes requests on, or with --host to open it.\n",
                421,
            )
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if origin is not None and changes and not self._reach.trusts(origin, host):
            text = "Pages of that origin may not ask this service; see --allowed-hosts.\n"
            return PlainTextResponse(text, 403)
        return None


def _name_in(host: str) -> str:
    """The name in a `Host`, without the port."""
    if host.startswith("["):
        return host[1:].split("]", 1)[0]
    return host.rsplit(":", 1)[0]
