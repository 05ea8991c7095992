"""What a request can have done wrong, and what is said when it was not the request's fault.

A `RequestError` is the caller's to mend: its `extensions` carry a `code`, and those of an
`InputError` the `field` that was wrong. So is a query that took too long. Anything else that a
resolver raises is a bug of ours: the caller gets an id, and the service's log has what happened
under it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

from graphql import ExecutionResult, GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult as StrawberryResult

from headrace_service.ledger import LedgerUnusable, TookTooLong
from headrace_service.logs import request_id

logger = logging.getLogger("headrace_service.api")


#: The code of the error that the ledger cannot be asked just now.
UNUSABLE = "LedgerUnusable"
#: Characters of a message that is not ours at most.
LONGEST = 500


class RequestError(GraphQLError):
    """What the caller can mend; it is told as it is, with its `code`."""


class Unauthenticated(RequestError):
    """Nobody knows who asks."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "UNAUTHENTICATED"})


class Forbidden(RequestError):
    """Who asks may not do that."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "FORBIDDEN"})


class InputError(RequestError):
    """An argument cannot be used.

    Args:
        message: what is wrong and what would be right.
        field: the argument's name or path.
        code: `InvalidInput`, or a closer word for it.
        told: what else there is to say, by names as the answer has them.
    """

    def __init__(
        self, message: str, field: str | None = None, code: str = "InvalidInput", **told: str
    ) -> None:
        extensions: dict[str, Any] = {"code": code, **told}
        if field is not None:
            extensions["field"] = field
        super().__init__(message, extensions=extensions)


class MaskErrors(SchemaExtension):
    """Keeps what went wrong inside of the service from the caller, and logs it."""

    def on_operation(self) -> Iterator[None]:
        """Mask the answer of a query or mutation."""
        yield
        result = self.execution_context.result
        if isinstance(result, ExecutionResult | StrawberryResult):
            mask(result)

    def on_stream_result(self, result: Any) -> Iterator[None]:
        """Mask each message of a subscription."""
        mask(result)
        yield


def mask(result: Any) -> None:
    """Replace a result's unexpected errors, in place."""
    if getattr(result, "errors", None):
        result.errors = [masked(error) for error in result.errors]


def masked(error: GraphQLError) -> GraphQLError:
    """The error as the caller may see it."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, RequestError):
        return _told(error, cause.message, cause.extensions)
    if cause is None or isinstance(cause, GraphQLError):
        # graphql-core's own: a syntax or validation error, or an argument's type. It repeats what
        # it was given, however long that is.
        if len(error.message) > LONGEST:
            error.message = error.message[: LONGEST - 1] + "…"
        return error
    if isinstance(cause, LedgerUnusable):  # nobody's bug, and its message is made for people
        return _told(error, str(cause), unusable(cause))
    if isinstance(cause, TookTooLong):
        return _told(error, str(cause), {"code": "TookTooLong"})
    error_id = uuid4().hex[:12]
    where = ".".join(str(step) for step in error.path or ())
    logger.error(
        "error %s at %s",
        error_id,
        where or "the operation",
        exc_info=cause,
        extra={"error_id": error_id},
    )
    message = f"Something went wrong inside the service; its log tells what, under {error_id}."
    return _told(error, message, {"code": "InternalError", "id": error_id})


def unusable(error: LedgerUnusable) -> dict[str, str | None]:
    """Log that the ledger cannot be asked; what its error says beside the message.

    The `id` is the request's, under which the line is in the log.
    """
    logger.error("%s", error)
    return {"code": UNUSABLE, "id": request_id.get()}


def has_code(code: str, errors: Iterable[GraphQLError] | None) -> bool:
    """Whether one of an answer's errors is of that code."""
    return any((error.extensions or {}).get("code") == code for error in errors or ())


def _told(error: GraphQLError, message: str, extensions: Any) -> GraphQLError:
    """An error at the same place of the operation, without what caused it."""
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
