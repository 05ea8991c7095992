"""Lists of things that have names: in the order of these, or of their creation.

A row's place is its names and its id, so that one cursor serves every order.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

from headrace_service.ledger.queries.paging import NameKey, Page


class NameOrder(enum.Enum):
    """What things with names are sorted by."""

    NAME_ASC = "name_asc"
    NAME_DESC = "name_desc"
    NEWEST = "created_desc"
    OLDEST = "created_asc"

    @property
    def is_of_creation(self) -> bool:
        """Whether ids alone are in this order."""
        return self in (NameOrder.NEWEST, NameOrder.OLDEST)

    @property
    def rises(self) -> bool:
        """Whether the least comes first."""
        return self in (NameOrder.NAME_ASC, NameOrder.OLDEST)


def in_order_of_names(
    query: Any, names: Sequence[Any], key: Any, order: NameOrder, page: Page
) -> Any:
    """`query`, narrowed to the page and one row more.

    Args:
        query: a select, with its conditions.
        names: the columns of the names, which are unique together.
        key: the column of the ids.
        order: what is sorted by.
        page: the stretch that is wanted; its ends are `NameKey`s.
    """
    terms = [key] if order.is_of_creation else list(names)
    for end, greater in ((page.after, order.rises), (page.before, not order.rises)):
        if end is not None:
            assert isinstance(end, NameKey)
            values = [end.id] if order.is_of_creation else end.names
            query = query.where(*_beyond(terms, values, greater))
    forwards = order.rises != page.from_end
    query = query.order_by(*((each.asc() if forwards else each.desc()) for each in terms))
    return query.limit(page.limit + 1)


def _beyond(terms: Sequence[Any], values: Sequence[Any], greater: bool) -> tuple[Any, Any]:
    """The conditions that a row is past a place: the first is one that an index can start from."""
    from_there: Any = terms[0] >= values[0] if greater else terms[0] <= values[0]
    past: Any = None
    for term, value in reversed(list(zip(terms, values, strict=True))):
        further = term > value if greater else term < value
        past = further if past is None else further | ((term == value) & past)
    return from_there, past
