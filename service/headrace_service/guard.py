"""What is looked at before a request is: the names it uses, and the page that it comes from.

A browser can be made to send requests here by any page that its user visits. Such a page is told by
its `Origin`; one whose own name has been made to point to this machine, by the `Host`.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace_service.reach import Reach

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
