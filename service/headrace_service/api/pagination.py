"""Relay connections: opaque cursors, pages of 50 rows unless told otherwise, at most 200."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
import strawberry

from headrace_service.api.errors import InputError
from headrace_service.api.scalars import Cursor
from headrace_service.ledger.queries.paging import Key, NameKey, OrderKey, Page, Slice

DEFAULT_PAGE = 50
MAX_PAGE = 200

NodeT = TypeVar("NodeT")
Row = TypeVar("Row")


#: The greatest key of a row: what SQLite and PostgreSQL count with.
MAX_KEY = 2**63 - 1


def _row_key(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MAX_KEY:
        raise ValueError(text)
    return number


def _order_key(text: str) -> OrderKey:
    try:
        return msgspec.json.decode(text, type=OrderKey)
    except msgspec.MsgspecError:
        raise ValueError(text) from None


def _name_key(text: str) -> NameKey:
    return _named(text, 1)


def _full_name_key(text: str) -> NameKey:
    return _named(text, 2)


def _named(text: str, names: int) -> NameKey:
    try:
        key = msgspec.json.decode(text, type=NameKey)
    except msgspec.MsgspecError:
        raise ValueError(text) from None
    if len(key.names) != names:
        raise ValueError(text)
    return key


class Place(Enum):
    """What a cursor is a place in, with the reader of its key."""

    FLOW = ("flow", str, "flows")
    FLOW_RUN = ("flow_run", UUID, "flow runs")
    FLOW_RUN_BY = ("flow_run_by", _order_key, "flow runs in an order of one's own")
    TASK_RUN = ("task_run", UUID, "task runs")
    TASK_RUN_BY = ("task_run_by", _order_key, "task runs in an order of one's own")
    CONCURRENCY_LIMIT = ("concurrency_limit", str, "concurrency limits")
    LOG = ("log", _row_key, "log lines")
    VARIABLE = ("variable", str, "variables")
    ARTIFACT = ("artifact", UUID, "artifacts")
    BLOCK = ("block", UUID, "blocks")
    BLOCK_TYPE = ("block_type", str, "types of blocks")
    DEPLOYMENT = ("deployment", _full_name_key, "deployments")
    SCHEDULE = ("schedule", UUID, "schedules")
    WORK_POOL = ("work_pool", _name_key, "work pools")
    WORKER = ("worker", UUID, "workers")
    AUTOMATION = ("automation", UUID, "automations")
    EVENT = ("event", _row_key, "events")

    def __init__(self, tag: str, reader: Callable[[str], Key], noun: str) -> None:
        self.tag = tag
        self.reader = reader
        self.noun = noun


_PLACES = {place.tag: place for place in Place}
_VERSION = "1"


def encode_cursor(place: Place, key: Key) -> Cursor:
    """The cursor for a key."""
    is_text = not isinstance(key, OrderKey | NameKey)
    written = key if is_text else msgspec.json.encode(key).decode()
    text = f"{_VERSION}:{place.tag}:{written}"
    return Cursor(base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode())


def decode_cursor(place: Place, cursor: str, field: str) -> Any:
    """The key that a cursor stands for.

    Args:
        place: what it must be a place in.
        cursor: the cursor as the caller gave it.
        field: the argument's name, for the error.

    Raises:
        InputError: it is no cursor of this service, or one of another list.
    """
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        version, tag, key = base64.b64decode(padded, b"-_", validate=True).decode().split(":", 2)
        found = _PLACES[tag]
        if version == _VERSION and found is place:
            return place.reader(key)
    except (binascii.Error, UnicodeError, ValueError, KeyError):
        raise InputError(
            f"{field}: {cursor[:80]!r} is no cursor; use one that an answer of this service gave",
            field,
            "InvalidCursor",
        ) from None
    raise InputError(
        f"{field}: this is a cursor for {found.noun}; one for {place.noun} is needed",
        field,
        "InvalidCursor",
    )


def page_of(
    place: Place,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Page:
    """The page that a connection's arguments ask for.

    Raises:
        InputError: they contradict one another or are out of range.
    """
    for field, number in (("first", first), ("last", last)):
        if number is not None and not 1 <= number <= MAX_PAGE:
            raise InputError(f"{field}: {number} is not from 1 to {MAX_PAGE}", field)
    if first is not None and last is not None:
        raise InputError("last: use first or last, not both", "last")
    return Page(
        limit=first or last or DEFAULT_PAGE,
        after=None if after is None else decode_cursor(place, after, "after"),
        before=None if before is None else decode_cursor(place, before, "before"),
        from_end=last is not None,
    )


First = Annotated[
    int | None,
    strawberry.argument(description="How many rows, from the start: 1 to 200, 50 unless given."),
]
After = Annotated[
    Cursor | None, strawberry.argument(description="Start behind the row of this cursor.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many rows, from the end: 1 to 200. Not with `first`."),
]
Before = Annotated[
    Cursor | None, strawberry.argument(description="End ahead of the row of this cursor.")
]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether rows follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede this page.")
    start_cursor: Cursor | None = strawberry.field(description="The first row's cursor.")
    end_cursor: Cursor | None = strawberry.field(description="The last row's cursor.")


@strawberry.type(description="A row of a list, with its cursor.")
class Edge(Generic[NodeT]):
    """Relay's edge."""

    cursor: Cursor = strawberry.field(description="The row's place in the list.")
    node: NodeT = strawberry.field(description="The row.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeT]):
    """Relay's connection."""

    nodes: list[NodeT] = strawberry.field(description="The page's rows.")
    edges: list[Edge[NodeT]] = strawberry.field(description="The page's rows with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")
    feed_cursor: Cursor = strawberry.field(
        description="Where the feed stood when the page was read: a subscription `after` it "
        "tells of everything that the page does not show yet."
    )


def connection(
    rows: Slice[Row],
    node: Callable[[Row], NodeT],
    place: Place,
    key: Callable[[Row], Key],
    feed: Place = Place.EVENT,
) -> Connection[NodeT]:
    """The connection of a page.

    Args:
        rows: the page.
        node: makes the GraphQL object of a row.
        place: what its cursors are places in.
        key: a row's key.
        feed: which feed `feed_cursor` is a place in.
    """
    edges = [Edge(cursor=encode_cursor(place, key(row)), node=node(row)) for row in rows.rows]
    return Connection(
        nodes=[edge.node for edge in edges],
        edges=edges,
        page_info=PageInfo(
            has_next_page=rows.has_next,
            has_previous_page=rows.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        feed_cursor=encode_cursor(feed, rows.seen),
    )
