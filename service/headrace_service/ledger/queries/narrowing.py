"""Conditions that flow runs and task runs have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.queries.paging import quoted, without_index


class RunWhere(msgspec.Struct, frozen=True):
    """Which runs are wanted; what is None does not matter. Times are in microseconds.

    `states` are types of states, `state_names` their names. `untagged` and its like: True wants
    those that are, False those that are not.
    """

    states: frozenset[str] | None = None
    ids: frozenset[UUID] | None = None
    not_ids: frozenset[UUID] = frozenset()
    names: frozenset[str] | None = None
    name_contains: str | None = None
    not_states: frozenset[str] = frozenset()
    state_names: frozenset[str] | None = None
    not_state_names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    any_tags: frozenset[str] | None = None
    untagged: bool | None = None
    started_after: int | None = None
    started_before: int | None = None
    ended_after: int | None = None
    ended_before: int | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    started: bool | None = None
    ended: bool | None = None


def run_conditions(run: Any, where: RunWhere) -> list[Any]:
    """The conditions on `run` (a table of runs or an alias of it), save the one on `states`."""
    found: list[Any] = []
    if where.ids is not None:
        found.append(run.id.in_(list(where.ids)))
    if where.not_ids:
        found.append(run.id.not_in(list(where.not_ids)))
    if where.names is not None:
        found.append(run.name.in_(sorted(where.names)))
    if where.name_contains:
        found.append(run.name.contains(where.name_contains))
    if where.not_states:
        found.append(without_index(run.state_type).not_in(sorted(where.not_states)))
    if where.state_names is not None:
        found.append(run.state_name.in_(sorted(where.state_names)))
    if where.not_state_names:
        found.append(run.state_name.not_in(sorted(where.not_state_names)))
    tagged = tag_conditions(run.tags, where.tags, where.any_tags, where.untagged)
    return found + tagged + _time_conditions(run, where)


def tag_conditions(
    column: Any, tags: frozenset[str], any_tags: frozenset[str] | None, untagged: bool | None
) -> list[Any]:
    """The conditions on a column of tags: all of `tags`, one of `any_tags`, and whether none."""
    found: list[Any] = [has_tag(column, tag) for tag in sorted(tags)]
    if any_tags is not None:
        wanted: Any = peewee.Value(False)
        for tag in sorted(any_tags):
            wanted = wanted | has_tag(column, tag)
        found.append(wanted)
    if untagged is not None:
        empty = peewee.fn.COALESCE(column, "[]") == "[]"
        found.append(empty if untagged else ~empty)
    return found


def has_tag(tags: Any, tag: str) -> Any:
    """Whether a column of tags has a tag."""
    # What finds a text, and minds its case, has another name in each database; this has not.
    return peewee.fn.REPLACE(tags, quoted(tag), "") != tags


def _time_conditions(run: Any, where: RunWhere) -> list[Any]:
    found: list[Any] = []
    if where.started_after is not None:
        found.append(run.start_time >= where.started_after)
    if where.started_before is not None:
        found.append(run.start_time < where.started_before)
    if where.ended_after is not None:
        found.append(run.end_time >= where.ended_after)
    if where.ended_before is not None:
        found.append(run.end_time < where.ended_before)
    if where.min_duration is not None:
        found.append(run.end_time - run.start_time >= where.min_duration)
    if where.max_duration is not None:
        found.append(run.end_time - run.start_time <= where.max_duration)
    if where.started is not None:
        found.append(run.start_time.is_null(not where.started))
    if where.ended is not None:
        found.append(run.end_time.is_null(not where.ended))
    return found
