"""What resolvers have at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.extensions import SchemaExtension

from headrace_service.api.authentication import ANYBODY, Caller, Gate
from headrace_service.api.errors import Forbidden, InputError
from headrace_service.api.loaders import Loaders
from headrace_service.ledger import Ledger
from headrace_service.ledger.queries.paging import Slice
from headrace_service.ledger.tokens import Scope

#: How many rows of lists one operation may answer with, all its lists together.
MAX_ROWS = 20_000

S = TypeVar("S", bound=Slice[Any])


class Context:
    """The context of one operation.

    Args:
        ledger: what is asked.
        caller: who asks.
        gate: knows whether the caller's token counts still; None where there is no service.
        address: where the caller is.
        resume_after: the cursor that a reader of server-sent events comes again with.
    """

    def __init__(
        self,
        ledger: Ledger,
        caller: Caller = ANYBODY,
        gate: Gate | None = None,
        address: str | None = None,
        resume_after: str | None = None,
    ) -> None:
        self.ledger = ledger
        self.caller = caller
        self.gate = gate
        self.address = address
        self.resume_after = resume_after
        self.renew()

    def for_operation(self) -> Context:
        """A context for one of a connection's operations."""
        return Context(self.ledger, self.caller, self.gate, self.address, self.resume_after)

    def renew(self) -> None:
        """Begin anew: nothing is loaded yet, no row is spent. For each message of a feed."""
        self._loaders: Loaders | None = None
        self._rows_left = MAX_ROWS

    async def is_admitted(self) -> bool:
        """Whether the caller's token counts still."""
        return self.gate is None or await self.gate.still_admits(self.caller)

    def need(self, scope: Scope, what: str) -> None:
        """Insist on a scope, for what is more than its operation needs.

        Raises:
            Forbidden: the caller does not have it.
        """
        if not self.caller.scope.covers(scope):
            self.note_denial("forbidden")
            raise Forbidden(f"{self.caller.described}: {what} needs the scope {scope.value!r}")

    def note_denial(self, reason: str) -> None:
        """Tell the event log that the caller was refused something."""
        if self.gate is not None:
            self.gate.note_denial(self.caller.token, reason, self.address)

    def tokens_changed(self) -> None:
        """Let tokens that were made or revoked count from now on."""
        if self.gate is not None:
            self.gate.forget()

    @property
    def loaders(self) -> Loaders:
        """The operation's DataLoaders, made when the first of them is needed."""
        if self._loaders is None:
            self._loaders = Loaders(self.ledger)
        return self._loaders

    def spend(self, rows: Sequence[Any]) -> None:
        """Count rows that go into the answer.

        Raises:
            InputError: lists within lists have made more than `MAX_ROWS` of them.
        """
        self._rows_left -= len(rows)
        if self._rows_left < 0:
            raise InputError(
                f"the answer would have more than {MAX_ROWS} rows; ask for smaller pages",
                "first",
                "TooManyRows",
            )


class FreshContext(SchemaExtension):
    """Gives each operation a context of its own, also those that share one websocket."""

    def on_operation(self) -> Iterator[None]:
        """Replace the connection's context by a new one."""
        self.execution_context.context = self.execution_context.context.for_operation()
        yield


Info = strawberry.Info[Context, None]


def parse_id(text: str, field: str = "id") -> UUID:
    """The UUID that a caller gave as an id.

    Raises:
        InputError: it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise InputError(f"{field}: {text[:80]!r} is not a UUID", field) from None
