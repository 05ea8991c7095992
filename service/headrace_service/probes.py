"""What those ask who run the service: does it live, can it work, how does it fare."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from headrace_service.api.authentication import Gate
from headrace_service.api.errors import Unauthenticated
from headrace_service.api.queries.service import package_version
from headrace_service.api.view import address_of, refusal
from headrace_service.ledger import Ledger, LedgerError
from headrace_service.readiness import reasons_not_ready


def probes(ledger: Ledger, gate: Gate, loops: Mapping[str, asyncio.Task[None]]) -> list[Route]:
    """The routes `/health`, `/ready` and `/metrics`.

    Args:
        ledger: what is served.
        gate: tells who asks for the metrics, and for more than whether the service can work.
        loops: the service's loops by their names, once they run.
    """

    async def health(request: Request) -> Response:
        # Which version it is tells whoever looks for holes what to try.
        told = {} if gate.exposed else {"version": package_version()}
        return JSONResponse({"status": "ok", **told})

    async def ready(request: Request) -> Response:
        reasons = await reasons_not_ready(ledger, loops)
        told: dict[str, object] = {"status": "not ready" if reasons else "ready"}
        if await _may_hear_more(request):
            told["reasons"] = reasons
            told["since"] = ledger.measures.since.isoformat()
            told["loops"] = [name for name, task in loops.items() if not task.done()]
        return JSONResponse(told, 503 if reasons else 200)

    async def _may_hear_more(request: Request) -> bool:
        """Whether it is for whoever asks what the ledger is called, and what is wrong."""
        if not gate.exposed:
            return True
        try:
            await gate.caller(request.headers.get("authorization"), address_of(request))
        except (Unauthenticated, LedgerError):
            return False
        return True

    async def metrics(request: Request) -> Response:
        try:
            await gate.caller(request.headers.get("authorization"), address_of(request))
        except Unauthenticated as error:
            return refusal(error)
        except LedgerError as error:
            return PlainTextResponse(f"{error}\n", 503)
        try:
            from headrace_service.metrics import CONTENT_TYPE, render
        except ImportError:
            text = "Metrics need prometheus-client: pip install 'headrace[metrics]'\n"
            return PlainTextResponse(text, 501)
        try:
            return Response(await render(ledger), media_type=CONTENT_TYPE)
        except LedgerError as error:
            return PlainTextResponse(f"{error}\n", 503)

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", metrics)]
