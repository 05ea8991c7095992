"""The schema over HTTP, server-sent events and websockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec
from cross_web import HTTPException
from starlette.exceptions import HTTPException as Refusal
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from starlette.websockets import WebSocketDisconnected as SocketClosed
from strawberry import UNSET
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLRequestData
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.types import ExecutionResult
from strawberry.types.unset import UnsetType

from headrace_service.api.authentication import Caller, Gate
from headrace_service.api.context import Context
from headrace_service.api.errors import (
    UNUSABLE,
    InputError,
    Unauthenticated,
    has_code,
    unusable,
)
from headrace_service.api.limits import decode_message, decode_request, is_subscription
from headrace_service.api.schema import schema
from headrace_service.api.sse import LAST_EVENT_ID, OPENING, EventStream
from headrace_service.ledger import Ledger, LedgerUnusable
from headrace_service.ledger.tokens import Scope as Rights
from headrace_service.web import graphiql_page, graphiql_policy

if TYPE_CHECKING:
    from cross_web import AsyncHTTPRequestAdapter

_encode = msgspec.json.Encoder(uuid_format="canonical").encode


#: Seconds until a websocket says who it is.
INIT_TIMEOUT = 10.0
#: How many operations may be under way in one websocket.
MOST_OPERATIONS = 100

#: Who has not said yet who it is: may see the page, and open a websocket that then says it.
NOBODY = Caller(Rights.READ)

#: Seconds that a request's body may take to come: 64 MiB do so at 2 Mbit/s.
BODY_TIMEOUT = 300.0

#: What tells that a client has left, or has been sent away.
GONE = (ClientDisconnect, SocketClosed, WebSocketDisconnected)


class Conversation(BaseGraphQLTransportWSHandler[Context, None]):
    """A websocket's; that a client leaves while something is sent to it is no news."""

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what went wrong in an operation."""
        if not isinstance(error, GONE):
            await super().handle_task_exception(error)


class GraphQLView(GraphQL[Context, None]):
    """Answers `POST` (JSON) and websockets; `GET` shows a page to try queries on.

    Args:
        ledger: what is asked.
        gate: tells who asks.
        closing: set when the service is to end, so that streams over HTTP do not hold it up.
    """

    graphql_transport_ws_handler_class = Conversation
    stream_transport_classes_by_protocol = MappingProxyType({GRAPHQL_SSE_PROTOCOL: EventStream})

    def __init__(self, ledger: Ledger, gate: Gate, closing: asyncio.Event) -> None:
        super().__init__(
            schema,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=INIT_TIMEOUT),
            max_subscriptions_per_connection=MOST_OPERATIONS,
        )
        self._ledger = ledger
        self._gate = gate
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a client that leaves in the middle of its request gets none and is no news."""
        with suppress(*GONE):
            try:
                await super().__call__(scope, receive, send)
            except Unauthenticated as error:
                await refusal(error)(scope, receive, send)
            except LedgerUnusable as error:  # nobody can be told from anybody else
                await self._away(error)(scope, receive, send)

    def _away(self, error: LedgerUnusable) -> Response:
        """The answer to a request while the ledger cannot be asked, which passes."""
        about = unusable(error)
        message = str(error)
        if self._gate.exposed:  # whoever asks may be anybody
            message = f"the ledger cannot be used; the log tells why, under {about['id']}"
        body = msgspec.json.encode({"errors": [{"message": message, "extensions": about}]})
        return Response(body, 503, None, "application/json")

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """The context of a request or websocket.

        Raises:
            Unauthenticated: the request needs a token, and has none that counts.
        """
        presented = request.headers.get("authorization")
        address = address_of(request)
        if isinstance(request, WebSocket):
            return SocketContext(self._ledger, self._gate, presented, address)
        if request.method == "GET" and "query" not in request.query_params:  # the page
            return Context(self._ledger, NOBODY, self._gate, address)
        caller = await self._gate.caller(presented, address)
        resume_after = request.headers.get(LAST_EVENT_ID)
        return Context(self._ledger, caller, self._gate, address, resume_after)

    async def on_ws_connect(self, context: Context) -> UnsetType:
        """See who opens a websocket: by the first message, or by the header."""
        assert isinstance(context, SocketContext)
        try:
            context.caller = await self._gate.caller(context.presented, context.address)
        except Unauthenticated as error:
            raise ConnectionRejectionError from error
        nothing: UnsetType = UNSET
        return nothing

    async def render_graphql_ide(self, request: Request) -> Response:
        """The page to try queries on."""
        return HTMLResponse(graphiql_page(), headers={"Content-Security-Policy": graphiql_policy()})

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Answer a request once, which cannot be done for a subscription."""
        if is_subscription(request_data.query, request_data.operation_name):
            error = InputError(
                "a subscription has no single answer: ask over a websocket "
                "(graphql-transport-ws), or with the header 'Accept: text/event-stream'",
                "query",
            )
            return ExecutionResult(data=None, errors=[error])
        result = await super().execute_single(
            request, request_adapter, sub_response, context, root_value, request_data
        )
        if result.data is None:
            if has_code("FORBIDDEN", result.errors):
                sub_response.status_code = 403
            elif has_code(UNUSABLE, result.errors):
                sub_response.status_code = 503
        return result

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """What a request asks."""
        kind = request.content_type or ""
        if request.method == "POST" and "application/json" not in kind:
            told = f"Unsupported content type {kind[:80]!r}" if kind else "No content type"
            raise HTTPException(
                400, f"{told}: send JSON, and the header 'Content-Type: application/json'"
            )
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                return await super().parse_http_body(request)
        except TimeoutError:
            told = f"The body of the request has not come within {BODY_TIMEOUT:g} seconds"
            raise Refusal(408, told, {"Connection": "close"}) from None

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """A subscription over server-sent events, which ends when the service does."""
        return await super().create_streaming_response(
            request, lambda: _until(self._closing, stream()), sub_response, headers
        )

    def decode_json(self, data: str | bytes) -> object:
        """A request's body or a websocket's message."""
        try:
            return decode_request(data) if isinstance(data, bytes) else decode_message(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from None

    def encode_json(self, data: object) -> str:
        """An answer's body or message."""
        return _encode(data).decode()

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        """Whether a page of another origin may connect: the guard has looked already."""
        return True


class SocketContext(Context):
    """The context of a websocket, before it says who it is."""

    def __init__(
        self, ledger: Ledger, gate: Gate, presented: str | None, address: str | None
    ) -> None:
        super().__init__(ledger, NOBODY, gate, address)
        #: What its first message says, once it has come.
        self.connection_params: dict[str, object] = {}
        self._header = presented

    @property
    def presented(self) -> str | None:
        """The token that it presents, in the form of the header."""
        for name, value in self.connection_params.items():
            if name.lower() == "authorization" and isinstance(value, str):
                return value
        return self._header


def address_of(request: HTTPConnection) -> str | None:
    """Where a request comes from."""
    return None if request.client is None else request.client.host


def refusal(error: Unauthenticated) -> Response:
    """The answer to a request of which nobody knows who sends it."""
    body = msgspec.json.encode({"errors": [error.formatted]})
    return Response(body, 401, {"WWW-Authenticate": "Bearer"}, "application/json")


async def _until(closing: asyncio.Event, stream: AsyncIterator[str]) -> AsyncIterator[str]:
    """The stream, which breaks off once `closing` is set: a reader takes that for a lost connection
    and comes again, as it should. It begins with a line that tells the reader that it stands."""
    yield OPENING
    end = asyncio.ensure_future(closing.wait())
    step: asyncio.Future[str | None] | None = None
    try:
        while True:
            step = asyncio.ensure_future(_next(stream))
            await asyncio.wait({step, end}, return_when=asyncio.FIRST_COMPLETED)
            if not step.done() or (text := step.result()) is None:
                return
            yield text
    finally:
        end.cancel()
        if step is not None and not step.done():
            step.cancel()
            await asyncio.wait({step})


async def _next(stream: AsyncIterator[str]) -> str | None:
    return await anext(stream, None)
