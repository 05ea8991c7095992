"""Keyset pages: a page starts at a row's key, not at a row's number.

A page of one list is one indexed select. The pages of many parents (the first task runs of each of
fifty flow runs) are one select as well: for each parent a subquery finds its page's keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
import peewee

from headrace.records import read_at_once

Row = TypeVar("Row")
Query = TypeVar("Query", bound=peewee.Select)


class OrderKey(msgspec.Struct, frozen=True):
    """A place in a list that is ordered by `term`: a row's value of it, and the row's id."""

    term: str
    value: int | str | None
    id: UUID


class NameKey(msgspec.Struct, frozen=True):
    """A place in a list of things with names: a row's names, such as a flow's and its
    deployment's, and its id."""

    names: tuple[str, ...]
    id: UUID


read_at_once(OrderKey, NameKey)

Key = UUID | int | str | OrderKey | NameKey


class Page(msgspec.Struct, frozen=True):
    """Which stretch of a list is wanted.

    `after` and `before` are keys in the list's own order: the page starts behind `after` and ends
    ahead of `before`. `from_end` takes the last `limit` rows of what is left, not the first.
    """

    limit: int
    after: Key | None = None
    before: Key | None = None
    from_end: bool = False


class Slice(msgspec.Struct, Generic[Row]):
    """The rows of a page, in the list's order, and whether there are more on either side.

    `seen` is the newest event (in a page of log lines: the newest line) when the page was read.
    """

    rows: list[Row]
    has_next: bool
    has_previous: bool
    seen: int


def keyset(query: Query, key: Any, page: Page, *, newest_first: bool) -> Query:
    """`query`, narrowed to the page and one row more, which tells whether there are others.

    Args:
        query: a select, with its conditions.
        key: the column that the list is ordered by; unique.
        page: the stretch that is wanted.
        newest_first: whether the list runs from the greatest key to the least.
    """
    if page.after is not None:
        query = query.where(key < page.after if newest_first else key > page.after)
    if page.before is not None:
        query = query.where(key > page.before if newest_first else key < page.before)
    falling = is_falling(page, newest_first)
    return query.order_by(key.desc() if falling else key.asc()).limit(page.limit + 1)


def is_falling(page: Page, newest_first: bool) -> bool:
    """Whether a page is read from greater keys to lesser ones."""
    return newest_first != page.from_end


def cut(rows: Sequence[Row], page: Page, seen: int) -> Slice[Row]:
    """The page that is made of the rows it was read with, in the order of reading.

    There may be more rows than one too many, when they were put together from several selects.
    """
    more = len(rows) > page.limit
    kept = list(rows[: page.limit])
    if page.from_end:
        kept.reverse()
        # A cursor stands for a row that was there: behind `before` is at least that row.
        return Slice(kept, has_next=page.before is not None, has_previous=more, seen=seen)
    return Slice(kept, has_next=more, has_previous=page.after is not None, seen=seen)


def cut_each(
    parents: Sequence[UUID],
    rows: Sequence[tuple[UUID, Row]],
    key: Callable[[Row], Any],
    page: Page,
    seen: int,
    *,
    newest_first: bool,
) -> list[Slice[Row]]:
    """The page of each parent, from one select over all of them.

    Args:
        parents: the parents' ids; the answer has one page for each, in this order.
        rows: each row with the id of its parent, in any order.
        key: what a row is ordered by.
        page: the stretch that was wanted of each.
        seen: the newest event when the select was run.
        newest_first: whether the lists run from the greatest key to the least.
    """
    found: dict[UUID, list[Row]] = {parent: [] for parent in parents}
    for parent, row in rows:
        found[parent].append(row)
    falling = is_falling(page, newest_first)
    for listed in found.values():
        listed.sort(key=key, reverse=falling)
    return [cut(found[parent], page, seen) for parent in parents]


def pages_of_states(
    keys: Any,
    run: Any,
    states: frozenset[str] | None,
    page: Page,
    *,
    newest_first: bool,
    by_state: bool,
) -> Any:
    """The keys of a page of runs that are in one of the states, and of at least one row more.

    Args:
        keys: a select of the runs' ids, with every other condition.
        run: the table of runs, or the alias of it that `keys` selects from.
        states: the types of states; None is any.
        page: the stretch that is wanted.
        newest_first: whether the list runs from the greatest id to the least.
        by_state: whether the index by state is the best one. Then a page of several states is
            taken from a page of each: each is in order in the index, all together are not.
    """
    if states is None:
        return keyset(keys, run.id, page, newest_first=newest_first)
    if not by_state:
        keys = with_states(keys, run, states)
        return keyset(keys, run.id, page, newest_first=newest_first)
    found: Any = None
    for index, state in enumerate(sorted(states) or [""]):
        one = keyset(keys.where(run.state_type == state), run.id, page, newest_first=newest_first)
        part = one.alias(f"part{index}")
        chosen = peewee.Select([part], [part.c.id])
        found = chosen if found is None else found.union_all(chosen)
    return found


def with_states(query: Query, run: Any, states: frozenset[str] | None) -> Query:
    """`query`, narrowed to runs in one of the states, without a look at the index by state."""
    if states is None:
        return query
    return query.where(without_index(run.state_type).in_(sorted(states)))


def without_index(column: Any, instead: object = "") -> Any:
    """The column in a form that no index is used for, where another one is known to be better.

    Where there is no value, there is `instead`: an id has `NO_ID`.
    """
    return peewee.fn.COALESCE(column, instead)


def quoted(text: str) -> str:
    """How a text stands in a list of texts stored as JSON."""
    return msgspec.json.encode(text).decode()
