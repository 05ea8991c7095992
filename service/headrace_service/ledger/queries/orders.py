"""Runs in an order other than that of their creation, page by page.

A row's place is its value of what is ordered by, and its id where several are equal. What has no
such value (a run that has not begun has no start) comes last, whichever way the order goes.
"""

from __future__ import annotations

import enum
from typing import Any
from uuid import UUID

import peewee

from headrace_service.ledger.queries.paging import OrderKey, Page


class RunOrder(enum.Enum):
    """What runs are sorted by."""

    NEWEST = "created_desc"
    OLDEST = "created_asc"
    START_TIME_ASC = "start_time_asc"
    START_TIME_DESC = "start_time_desc"
    DUE_TIME_ASC = "due_time_asc"
    DUE_TIME_DESC = "due_time_desc"
    END_TIME_ASC = "end_time_asc"
    END_TIME_DESC = "end_time_desc"
    NAME_ASC = "name_asc"
    NAME_DESC = "name_desc"
    DURATION_ASC = "duration_asc"
    DURATION_DESC = "duration_desc"

    @property
    def term(self) -> str:
        """What is ordered by, whichever way."""
        return self.value.rpartition("_")[0]

    @property
    def rises(self) -> bool:
        """Whether the least comes first."""
        return self.value.endswith("_asc")

    @property
    def is_of_creation(self) -> bool:
        """Whether ids alone are in this order."""
        return self.term == "created"


#: The terms that every run has a value of.
_ALWAYS = ("name", "due_time")


def term_of(run: Any, order: RunOrder) -> Any:
    """What `run`, a table of runs or an alias of it, is ordered by; as in the models' indexes."""
    if order.is_of_creation:
        return run.id
    if order.term == "duration":
        return run.end_time - run.start_time
    if order.term == "due_time":
        due = getattr(run, "scheduled_time", None)
        return run.created_at if due is None else peewee.fn.COALESCE(due, run.created_at)
    return getattr(run, order.term)


def place_of(row: Any, order: RunOrder) -> OrderKey:
    """The place of a row in an order."""
    value: int | str | None
    if order.term == "duration":
        ended = row.start_time is not None and row.end_time is not None
        value = row.end_time - row.start_time if ended else None
    elif order.term == "due_time":
        due = getattr(row, "scheduled_time", None)
        value = row.created_at if due is None else due
    else:
        value = getattr(row, order.term)
    return OrderKey(order.term, value, row.id)


def ids_in_order(
    db: peewee.Database, query: Any, run: Any, order: RunOrder, page: Page
) -> list[UUID]:
    """The ids of a page's runs and of one more, in the order of reading.

    Args:
        db: the database.
        query: a select of the runs' ids, with its conditions.
        run: the table of runs, or the alias of it that `query` selects from.
        order: an order other than that of creation.
        page: the stretch that is wanted; its ends are places in this order.
    """
    term = term_of(run, order)
    found: list[UUID] = []
    parts = (True,) if order.term in _ALWAYS else (True, False)
    for has_value in reversed(parts) if page.from_end else parts:
        room = page.limit + 1 - len(found)
        part = _with_value if has_value else _without_value
        narrowed = part(query, term, run.id, order.rises, page)
        if room > 0 and narrowed is not None:
            found += [key for (key,) in narrowed.limit(room).tuples().execute(db)]
    return found


def _with_value(query: Any, term: Any, key: Any, rises: bool, page: Page) -> Any:
    """Those that have a value; None when the page has none of them."""
    after, before = _ends(page)
    if after is not None and after.value is None:
        return None
    query = query.where(term.is_null(False))
    if after is not None:
        query = query.where(*_beyond(term, key, after, rises))
    if before is not None and before.value is not None:
        query = query.where(*_beyond(term, key, before, not rises))
    forwards = rises != page.from_end
    return query.order_by(*((each.asc() if forwards else each.desc()) for each in (term, key)))


def _without_value(query: Any, term: Any, key: Any, rises: bool, page: Page) -> Any:
    """Those that have no value; None when the page has none of them."""
    after, before = _ends(page)
    if before is not None and before.value is not None:
        return None
    query = query.where(term.is_null(True))
    if after is not None and after.value is None:
        query = query.where(key > after.id if rises else key < after.id)
    if before is not None:
        query = query.where(key < before.id if rises else key > before.id)
    return query.order_by(key.asc() if rises != page.from_end else key.desc())


def _ends(page: Page) -> tuple[OrderKey | None, OrderKey | None]:
    after, before = page.after, page.before
    assert after is None or isinstance(after, OrderKey)
    assert before is None or isinstance(before, OrderKey)
    return after, before


def _beyond(term: Any, key: Any, place: OrderKey, greater: bool) -> tuple[Any, Any]:
    """The conditions that a row is past a place: the first is one that an index can start from."""
    if greater:
        return term >= place.value, (term > place.value) | (key > place.id)
    return term <= place.value, (term < place.value) | (key < place.id)
