"""Methods of both clients, written once: what to ask, and what to make of the answers.

A method is a generator. It yields operations and is sent what they answer, or has raised in it
what the service refuses; what it returns is the method's result. One driver waits for answers in
the thread, the other in the event loop.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from headrace.client.clients import AsyncClient, Client
from headrace.client.operations import Operation
from headrace.exceptions import (
    HeadraceException,
    ObjectAlreadyExists,
    ObjectNotFound,
    ServiceError,
)
from headrace.recorder import settle

P = ParamSpec("P")
T = TypeVar("T")

#: What a method is, of the result `T`.
Asking = Generator[Operation[Any], Any, T]


def waiting(method: Callable[P, Asking[T]]) -> Callable[Concatenate[Any, P], T]:
    """The method of the synchronous client."""

    @functools.wraps(method)
    def perform(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        settle()  # what this program has done itself is in the answers
        asking = method(*args, **kwargs)
        try:
            asked = next(asking)
            while True:
                try:
                    answer = self.perform(asked)
                except HeadraceException as error:
                    asked = asking.throw(_told(error))
                else:
                    asked = asking.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    return perform


def awaiting(method: Callable[P, Asking[T]]) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    """The method of the asynchronous client."""

    @functools.wraps(method)
    async def perform(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio

        await asyncio.to_thread(settle)
        asking = method(*args, **kwargs)
        try:
            asked = next(asking)
            while True:
                try:
                    answer = await self.perform(asked)
                except HeadraceException as error:
                    asked = asking.throw(_told(error))
                else:
                    asked = asking.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    return perform


def _told(error: HeadraceException) -> Exception:
    """What the client's users know an error by."""
    if not isinstance(error, ServiceError):
        return error
    if error.code == "NotFound":
        return ObjectNotFound(error, str(error))
    if error.code == "Conflict":
        return ObjectAlreadyExists(error)
    return error


def found_or_not(found: T | None, what: str) -> T:
    """What was found.

    Raises:
        ObjectNotFound: it is None; `what` names it.
    """
    if found is None:
        error = ServiceError(f"there is no {what}", "NotFound")
        raise ObjectNotFound(error, str(error))
    return found


def raise_status(code: int, message: str) -> NoReturn:
    """Raise what a client raises for an HTTP answer of another status than it expected.

    Raises:
        HeadraceHTTPStatusError: always.
    """
    from headrace import exceptions
    from headrace.web import httpx

    request = httpx.Request("POST", "http://headrace/graphql")
    response = httpx.Response(code, json={"detail": message}, request=request)
    kind: Any = exceptions.HeadraceHTTPStatusError
    raise kind(message, request=request, response=response)


def deleting(operation: Operation[Any]) -> Asking[None]:
    """Perform what deletes something.

    Raises:
        ObjectNotFound: there is no such thing.
        HeadraceHTTPStatusError: it is in use, status 409.
    """
    try:
        yield operation
    except ObjectAlreadyExists as error:  # so conflicts are told, which a new name is otherwise
        raise_status(409, str(error))


def done(status_code: int = 204, content: object = None) -> Any:
    """The answer, as an HTTP response, to what has nothing else to say."""
    from headrace.web import httpx

    return httpx.Response(status_code, json=content) if content else httpx.Response(status_code)


#: How many rows one operation answers with at most.
PAGE = 200


def some(
    ask: Callable[[int, int], Operation[list[dict[str, Any]]]], limit: int | None, offset: int
) -> Asking[list[dict[str, Any]]]:
    """Rows of a list, in as many operations as it takes.

    Args:
        ask: the operation for so many rows (at most `PAGE`) after so many.
        limit: how many rows; None for one page.
        offset: how many to leave out first.
    """
    rows: list[dict[str, Any]] = []
    wanted = PAGE if limit is None else limit
    while len(rows) < wanted:
        size = min(PAGE, wanted - len(rows))
        page = yield ask(size, offset + len(rows))
        rows += page
        if len(page) < size:
            break
    return rows


def everything(
    ask: Callable[[str | None], Operation[dict[str, Any]]],
) -> Asking[list[dict[str, Any]]]:
    """All rows of a connection, page by page; `ask` makes the operation for a page's cursor."""
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = yield ask(after)
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


def cut(rows: list[T], limit: int | None, offset: int) -> list[T]:
    """Rows after the first `offset`, `limit` of them or `PAGE`."""
    return rows[offset : offset + (PAGE if limit is None else limit)]
