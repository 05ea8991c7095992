"""The two clients: one waits in the thread, the other in the event loop. All else they share."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from headrace.client import operations
from headrace.client.answers import data_of, decode_response, encode_request
from headrace.client.operations import Operation
from headrace.client.subscriptions import (
    ConnectionState,
    ConnectionStatus,
    OnStatus,
    Progress,
    Subscription,
)
from headrace.endpoints import addresses_of, only_reads
from headrace.settings import get_settings, read_settings

if TYPE_CHECKING:
    import httpx

    from headrace.client.portal import Portal
    from headrace.client.posting import Poster
    from headrace.recorder.embedded import EmbeddedSchema

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds until an answer comes.
ANSWER_TIMEOUT = 30.0


def _waiting(operation: Callable[P, Operation[T]]) -> Callable[Concatenate[Client, P], T]:
    """The method of `Client` that performs an operation."""

    @functools.wraps(operation)
    def perform(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.perform(operation(*args, **kwargs))

    return perform


def _awaiting(
    operation: Callable[P, Operation[T]],
) -> Callable[Concatenate[AsyncClient, P], Awaitable[T]]:
    """The method of `AsyncClient` that performs an operation."""

    @functools.wraps(operation)
    async def perform(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.perform(operation(*args, **kwargs))

    return perform


class Client:
    """Asks a service, or this machine's ledger file when there is no service; may be a context.

    Args:
        api_url: the service's address, or several with commas between, of which the next is asked
            when nobody answers; by default `HEADRACE_API_URL`. When that is not set either,
            operations are executed in this process on the file that scripts record to.
        timeout: seconds that a service may take to answer.

    Example:
        >>> with Client() as client:
        ...     for run in client.flow_runs(states=["FAILED"])["nodes"]:
        ...         print(run["name"], run["state"]["message"])
    """

    def __init__(self, api_url: str | None = None, *, timeout: float = ANSWER_TIMEOUT) -> None:
        self.api_url = _address(api_url)
        self._timeout = timeout
        self._token = get_settings().api_key
        self._begin()

    def _begin(self) -> None:
        """Have no connections and files, in this process."""
        self._pid = os.getpid()
        self._connecting = threading.Lock()  # a client may be used from several threads
        self._posters: dict[str, Poster] = {}
        self._portal: Portal | None = None
        self._schema: EmbeddedSchema | None = None
        self._follower: AsyncClient | None = None

    def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        repeatable: bool | None = None,
    ) -> dict[str, Any]:
        """Execute a GraphQL query or mutation, and return its data.

        Args:
            query: the document.
            variables: its variables.
            repeatable: whether another address may be asked when the one that got the request has
                not answered; by default where the document only reads.

        Raises:
            ServiceError: the service answered with an error.
            ServiceUnreachable: nobody answers, or no headrace service.
            HomeUnusable: there is no service, and the local file cannot be used.
        """
        if self.api_url is None:
            return self._execute_here(query, variables)
        content = encode_request(query, variables)
        tries = addresses_of(self.api_url).tries(_may_repeat(query, repeatable))
        while tries.left:
            with tries.next() as url:
                status, answer = self._connected(url).post(content, may_go_on=tries.may_go_on)
                tries.answered(status)
        return decode_response(tries.url, status, answer)

    def perform(self, operation: Operation[T]) -> T:
        """Perform one of the operations of `headrace.client.operations` and `…work`.

        Raises:
            ServiceError: the service answered with an error.
        """
        return operation.read(
            self.execute(operation.document, operation.variables, repeatable=operation.repeatable)
        )

    server_info = _waiting(operations.server_info)
    flow_runs = _waiting(operations.flow_runs)
    flow_run = _waiting(operations.flow_run)
    task_runs = _waiting(operations.task_runs)
    task_run = _waiting(operations.task_run)
    logs = _waiting(operations.logs)
    flow_run_input = _waiting(operations.flow_run_input)
    flow_run_inputs = _waiting(operations.flow_run_inputs)
    create_flow_run_input = _waiting(operations.create_flow_run_input)
    delete_flow_run_input = _waiting(operations.delete_flow_run_input)
    resume_flow_run = _waiting(operations.resume_flow_run)

    def subscribe(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        on_status: OnStatus = lambda status: None,
    ) -> Generator[dict[str, Any], None, None]:
        """The data of a subscription's messages, for ever; see `AsyncClient.subscribe`.

        `on_status` is called in another thread. To leave the loop over it ends the subscription;
        where that must not wait for the garbage collector, use `contextlib.closing`.

        Example:
            >>> for message in client.subscribe(TAIL):
            ...     for line in message["logs"]["lines"]:
            ...         print(line["message"])
        """
        portal = self._in_portal()
        if self._follower is None:
            self._follower = AsyncClient(self.api_url, timeout=self._timeout)
        return portal.iterate(self._follower.subscribe(query, variables, on_status=on_status))

    def close(self) -> None:
        """Let go of connections and files. May be repeated."""
        self._leave_inherited()
        for each in self._posters.values():
            each.close()
        if self._portal is not None:
            for open_there in (self._schema, self._follower):
                if open_there is not None:
                    self._portal.call(open_there.close())
            self._portal.close()
        self._posters.clear()
        self._portal = self._schema = self._follower = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connected(self, url: str) -> Poster:
        self._leave_inherited()
        with self._connecting:
            if url not in self._posters:
                from headrace.client.posting import poster

                self._posters[url] = poster(url, self._token, self._timeout)
            return self._posters[url]

    def _execute_here(self, query: str, variables: Mapping[str, object] | None) -> dict[str, Any]:
        portal = self._in_portal()
        if self._schema is None:
            self._schema = _schema_here()
        return data_of(portal.call(self._schema.execute(query, variables)))

    def _in_portal(self) -> Portal:
        self._leave_inherited()
        with self._connecting:
            if self._portal is None:
                from headrace.client.portal import Portal

                self._portal = Portal()
            return self._portal

    def _leave_inherited(self) -> None:
        """In a forked child, leave to the parent what is its own, and begin anew."""
        if self._pid != os.getpid():
            _inherited.extend((self._posters, self._portal, self._schema, self._follower))
            self._begin()


#: What a child inherits of its parent's connections and threads is left alone, not collected.
_inherited: list[object] = []


class AsyncClient:
    """Like `Client`, for asynchronous programs, and with subscriptions.

    Belongs to the event loop in which it is first used.
    """

    def __init__(self, api_url: str | None = None, *, timeout: float = ANSWER_TIMEOUT) -> None:
        self.api_url = _address(api_url)
        self._timeout = timeout
        self._token = get_settings().api_key
        self._http: dict[str, httpx.AsyncClient] = {}
        self._schema: EmbeddedSchema | None = None

    async def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        repeatable: bool | None = None,
    ) -> dict[str, Any]:
        """Execute a GraphQL query or mutation, and return its data; see `Client.execute`."""
        if self.api_url is None:
            return data_of(await self._here().execute(query, variables))
        from headrace.client.posting import answer_of

        content = encode_request(query, variables)
        tries = addresses_of(self.api_url).tries(_may_repeat(query, repeatable))
        while tries.left:
            with tries.next() as url:
                there = self._connected(url)
                response = await answer_of(there, url, content, tries.may_go_on)
                tries.answered(response.status_code)
        return decode_response(tries.url, response.status_code, response.content)

    async def perform(self, operation: Operation[T]) -> T:
        """Perform an operation; see `Client.perform`."""
        return operation.read(
            await self.execute(
                operation.document, operation.variables, repeatable=operation.repeatable
            )
        )

    async def run_loops(self) -> None:
        """Without a service, do what it would do by the clock, until cancelled: fire schedules.

        With a service there is nothing to do, and this returns at once.
        """
        if self.api_url is None:
            await self._here().run_loops()

    server_info = _awaiting(operations.server_info)
    flow_runs = _awaiting(operations.flow_runs)
    flow_run = _awaiting(operations.flow_run)
    task_runs = _awaiting(operations.task_runs)
    task_run = _awaiting(operations.task_run)
    logs = _awaiting(operations.logs)
    flow_run_input = _awaiting(operations.flow_run_input)
    flow_run_inputs = _awaiting(operations.flow_run_inputs)
    create_flow_run_input = _awaiting(operations.create_flow_run_input)
    delete_flow_run_input = _awaiting(operations.delete_flow_run_input)
    resume_flow_run = _awaiting(operations.resume_flow_run)

    async def subscribe(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        on_status: OnStatus = lambda status: None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The data of a subscription's messages, for ever: no gap, and nothing twice.

        When the connection breaks it is made anew, after 0.5 to 15 seconds, at the next address if
        there are several, and goes on after the last message. Give `after` (a page's `feedCursor`)
        to begin without a gap behind a page; else it begins when the connection stands. Messages
        whose lists are empty, which only tell how far things have come, are left out.

        Args:
            query: the document. Its field should take the variable `$after` and ask for `cursor`.
            variables: its variables.
            on_status: called when the service begins to send, and when the connection has broken.

        Raises:
            CursorExpired: what came after the last message was deleted meanwhile.
            ServiceError: the service refuses the subscription.
        """
        if self.api_url is None:
            messages = self._follow_here(query, variables or {}, on_status)
        else:
            addresses = addresses_of(self.api_url)
            messages = Subscription(
                addresses, self._token, query, variables or {}, on_status
            ).messages()
        async with aclosing(messages):
            async for message in messages:
                yield message

    async def close(self) -> None:
        """Let go of connections and files. May be repeated."""
        https, self._http = self._http, {}
        schema, self._schema = self._schema, None
        for http in https.values():
            await http.aclose()
        if schema is not None:
            await schema.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _follow_here(
        self, query: str, variables: Mapping[str, object], on_status: OnStatus
    ) -> AsyncGenerator[dict[str, Any], None]:
        schema, progress, connected = self._here(), Progress(variables), False
        while self._schema is schema:  # each fork of this process ends the answers
            async with aclosing(schema.subscribe(query, progress.variables)) as answers:
                async for answer in answers:
                    data = data_of(answer)
                    news = progress.note(data)
                    if not connected:
                        connected = True
                        on_status(ConnectionStatus(ConnectionState.CONNECTED))
                    if news:
                        yield data

    def _connected(self, url: str) -> httpx.AsyncClient:
        if url not in self._http:
            from headrace.client.posting import httpx_options
            from headrace.web import httpx

            self._http[url] = httpx.AsyncClient(**httpx_options(url, self._token, self._timeout))
        return self._http[url]

    def _here(self) -> EmbeddedSchema:
        if self._schema is None:
            self._schema = _schema_here()
        return self._schema


def _may_repeat(query: str, told: bool | None) -> bool:
    """Whether a request may be brought to two addresses, when nobody has said."""
    return only_reads(query) if told is None else told


def _address(api_url: str | None) -> str | None:
    """The address in the form that the settings give it."""
    if api_url is None:
        return get_settings().service_url
    return read_settings({"HEADRACE_API_URL": api_url}).service_url


def _schema_here() -> EmbeddedSchema:
    from headrace.recorder.embedded import EmbeddedSchema

    return EmbeddedSchema(get_settings().ledger)
