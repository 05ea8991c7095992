"""The service as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from headrace_service.api.authentication import Gate
from headrace_service.api.view import GraphQLView
from headrace_service.guard import Guard
from headrace_service.ledger import Ledger
from headrace_service.logs import RequestIds
from headrace_service.loops.automations import Automations
from headrace_service.loops.reaper import Reaper
from headrace_service.loops.retention import Retention
from headrace_service.loops.scheduler import Scheduler
from headrace_service.probes import probes
from headrace_service.reach import Reach
from headrace_service.settings import ServiceSettings
from headrace_service.web import GRAPHIQL_FILES

#: Bytes of a request's body at most: several times what a full batch of records takes.
MAX_BODY = 64 * 1024 * 1024

DEFAULTS = ServiceSettings()


def create_app(
    ledger: Ledger, settings: ServiceSettings = DEFAULTS, own_token: str | None = None
) -> Starlette:
    """The application over an open ledger, which the caller closes after it.

    Args:
        ledger: where runs are recorded.
        settings: from where it is reached, and all else that can be set.
        own_token: a token that allows everything, of whoever started it for themselves alone.

    Set the event `app.state.closing` to end what streams over HTTP before the application ends.
    """
    reach = Reach.of(settings)
    gate = Gate(ledger, reach.auth, exposed=reach.is_exposed, own=own_token)
    closing = asyncio.Event()
    loops: dict[str, asyncio.Task[None]] = {}
    view = GraphQLView(ledger, gate, closing)

    async def root(request: Request) -> Response:
        return RedirectResponse("/graphql")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await ledger.feed.start()
        rounds = ledger.measures.rounds
        for name, loop in (
            ("scheduler", Scheduler(lambda: ledger, rounds=rounds("scheduler"))),
            ("automations", Automations(lambda: ledger, rounds=rounds("automations"))),
            ("reaper", Reaper(ledger)),
            (
                "retention",
                Retention(lambda: ledger, settings.retention_interval, rounds=rounds("retention")),
            ),
        ):
            loops[name] = asyncio.create_task(loop.run(), name=name)
        try:
            yield
        finally:
            for task in loops.values():
                task.cancel()
            await asyncio.gather(*loops.values(), return_exceptions=True)
            await ledger.feed.stop()

    app = Starlette(
        routes=[
            Route("/graphql", view, max_body_size=MAX_BODY),
            WebSocketRoute("/graphql", view),
            Mount("/graphiql", StaticFiles(directory=GRAPHIQL_FILES)),
            *probes(ledger, gate, loops),
            Route("/", root),
        ],
        lifespan=lifespan,
    )
    app.state.closing = closing
    app.add_middleware(Guard, reach)
    app.add_middleware(RequestIds)  # the outermost: what is refused has an id, too
    return app
