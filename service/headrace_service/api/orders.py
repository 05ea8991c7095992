"""What lists are sorted by."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.errors import InputError
from headrace_service.api.pagination import Place, page_of
from headrace_service.ledger.queries.names import NameOrder
from headrace_service.ledger.queries.orders import RunOrder
from headrace_service.ledger.queries.paging import OrderKey, Page

strawberry.enum(
    RunOrder,
    description="What runs are sorted by; what has not begun has no start, and comes last.",
)
_MEANING = {
    RunOrder.NEWEST: "What was created last, first.",
    RunOrder.OLDEST: "What was created first, first.",
    RunOrder.START_TIME_ASC: "What started first, first.",
    RunOrder.START_TIME_DESC: "What started last, first.",
    RunOrder.DUE_TIME_ASC: "What is due first, first; what was never scheduled, when created.",
    RunOrder.DUE_TIME_DESC: "What is due last, first.",
    RunOrder.END_TIME_ASC: "What ended first, first.",
    RunOrder.END_TIME_DESC: "What ended last, first.",
    RunOrder.NAME_ASC: "By name.",
    RunOrder.NAME_DESC: "By name, from its end.",
    RunOrder.DURATION_ASC: "What took the least time, first.",
    RunOrder.DURATION_DESC: "What took the most time, first.",
}
for _value in RunOrder.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _MEANING[RunOrder(_value.value)]

strawberry.enum(NameOrder, description="What things with names are sorted by.")
_OF_NAMES = {
    NameOrder.NAME_ASC: "By name.",
    NameOrder.NAME_DESC: "By name, from its end.",
    NameOrder.NEWEST: "What was created last, first.",
    NameOrder.OLDEST: "What was created first, first.",
}
for _value in NameOrder.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _OF_NAMES[NameOrder(_value.value)]

Names = Annotated[
    NameOrder | None,
    strawberry.argument(
        description="What they are sorted by; by name unless given, deployments by their flow's "
        "name first."
    ),
]

Order = Annotated[
    RunOrder | None,
    strawberry.argument(description="What they are sorted by; the newest first unless given."),
]


def page_in_order(
    order: RunOrder | None,
    place: Place,
    place_in_order: Place,
    *stretch: int | str | None,
) -> Page:
    """The page that a connection's arguments ask for, in an order.

    Args:
        order: the order; None is the list's own.
        place: what cursors are places in, when the list is in the order of creation.
        place_in_order: what they are places in otherwise.
        stretch: `first`, `after`, `last` and `before`.

    Raises:
        InputError: they contradict one another, or a cursor is of another list or order.
    """
    first, after, last, before = stretch
    created = order is None or order.is_of_creation
    page = page_of(place if created else place_in_order, first, after, last, before)  # type: ignore[arg-type]
    for field, end in (("after", page.after), ("before", page.before)):
        if isinstance(end, OrderKey) and order is not None and end.term != order.term:
            message = f"{field}: this is a cursor for runs by {end.term}, not by {order.term}"
            raise InputError(message, field, "InvalidCursor")
    return page
