"""The service as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from headrace_service.api.queries.service import package_version
from headrace_service.api.view import GraphQLView, is_loopback
from headrace_service.ledger import Ledger
from headrace_service.logs import RequestIds
from headrace_service.loops.reaper import Reaper
from headrace_service.loops.retention import Retention
from headrace_service.loops.scheduler import Scheduler
from headrace_service.settings import ServiceSettings
from headrace_service.web import GRAPHIQL_FILES, graphiql_page

#: Bytes of a request's body at most: several times what a full batch of records takes.
MAX_BODY = 64 * 1024 * 1024


def create_app(
    ledger: Ledger, *, loopback_only: bool = False, settings: ServiceSettings | None = None
) -> Starlette:
    """The application over an open ledger, which the caller closes after it.

    Args:
        ledger: where runs are recorded.
        loopback_only: answer only requests that were addressed to this machine by a name of its
            own. For a service that listens on loopback: a foreign page whose name has been made
            to point here is refused.
        settings: what else can be set.

    Set the event `app.state.closing` to end what streams over HTTP before the application ends.
    """
    settings = settings or ServiceSettings()
    closing = asyncio.Event()
    view = GraphQLView(ledger, graphiql_page, closing)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": package_version()})

    async def root(request: Request) -> Response:
        return RedirectResponse("/graphql")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await ledger.feed.start()
        loops = [
            asyncio.create_task(loop.run())
            for loop in (
                Scheduler(lambda: ledger),
                Reaper(ledger),
                Retention(ledger, settings.retention_interval),
            )
        ]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await ledger.feed.stop()

    app = Starlette(
        routes=[
            Route("/graphql", view, max_body_size=MAX_BODY),
            WebSocketRoute("/graphql", view),
            Mount("/graphiql", StaticFiles(directory=GRAPHIQL_FILES)),
            Route("/health", health),
            Route("/", root),
        ],
        lifespan=lifespan,
    )
    app.state.closing = closing
    if loopback_only:
        app.add_middleware(LoopbackHosts)
    app.add_middleware(RequestIds)  # the outermost: what is refused has an id, too
    return app


class LoopbackHosts:
    """Refuses requests whose `Host` is not a name of this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] in ("http", "websocket") and not is_loopback(_host(scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            text = "This service answers on localhost only; start it with --host to open it.\n"
            await PlainTextResponse(text, 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            host: str = value.decode("latin-1")
            if host.startswith("["):
                return host[1:].split("]", 1)[0]
            return host.rsplit(":", 1)[0] if ":" in host else host
    return ""
