"""What resolvers have at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.extensions import SchemaExtension

from headrace_service.api.errors import InputError
from headrace_service.api.loaders import Loaders
from headrace_service.ledger import Ledger
from headrace_service.ledger.queries.paging import Slice

#: How many rows of lists one operation may answer with, all its lists together.
MAX_ROWS = 20_000

S = TypeVar("S", bound=Slice[Any])


class Context:
    """The context of one operation."""

    def __init__(self, ledger: Ledger, resume_after: str | None = None) -> None:
        self.ledger = ledger
        #: The cursor that a reader of server-sent events comes again with.
        self.resume_after = resume_after
        self.renew()

    def renew(self) -> None:
        """Begin anew: nothing is loaded yet, no row is spent. For each message of a feed."""
        self._loaders: Loaders | None = None
        self._rows_left = MAX_ROWS

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
        given = self.execution_context.context
        self.execution_context.context = Context(given.ledger, given.resume_after)
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
