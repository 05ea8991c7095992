"""Concurrency limits, as programs that look after them ask for them.

There is one kind of limit. That of a tag is the one of the tag's name; what is asked for by tag
tells which task runs hold its slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from headrace.client import limit_operations
from headrace.client.orchestration.asking import Asking, cut, everything, found_or_not
from headrace.client.schemas import answers
from headrace.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from headrace.client.schemas.objects import ConcurrencyLimit
from headrace.client.schemas.responses import GlobalConcurrencyLimitResponse


def create_global_concurrency_limit(
    concurrency_limit: GlobalConcurrencyLimitCreate,
) -> Asking[UUID]:
    """Make a concurrency limit; its id.

    Raises:
        ObjectAlreadyExists: there is one of that name.
    """
    new = concurrency_limit
    found = yield limit_operations.create_concurrency_limit(
        new.name, new.limit, new.active, new.slot_decay_per_second
    )
    return UUID(found["id"])


def read_global_concurrency_limit_by_name(name: str) -> Asking[GlobalConcurrencyLimitResponse]:
    """A concurrency limit by its name.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield limit_operations.concurrency_limit(name)
    return answers.concurrency_limit(found_or_not(found, f"concurrency limit {name!r}"))


def read_global_concurrency_limits(
    limit: int | None = None, offset: int | None = None
) -> Asking[list[GlobalConcurrencyLimitResponse]]:
    """Concurrency limits, by name."""
    rows = yield from everything(limit_operations.concurrency_limits)
    return cut([answers.concurrency_limit(row) for row in rows], limit, offset or 0)


def update_global_concurrency_limit(
    name: str, concurrency_limit: GlobalConcurrencyLimitUpdate
) -> Asking[None]:
    """Change a concurrency limit; what is not set stays.

    Raises:
        ObjectNotFound: there is none.
    """
    new = concurrency_limit
    yield limit_operations.update_concurrency_limit(
        name, new.limit, new.active, new.slot_decay_per_second
    )


def upsert_global_concurrency_limit_by_name(name: str, limit: int) -> Asking[None]:
    """Give a concurrency limit so many slots, and make it if there is none."""
    found = yield limit_operations.concurrency_limit(name)
    if found is None:
        yield limit_operations.create_concurrency_limit(name, limit, None, None)
    elif found["limit"] != limit:
        yield limit_operations.update_concurrency_limit(name, limit, None, None)


def delete_global_concurrency_limit_by_name(name: str) -> Asking[None]:
    """Delete a concurrency limit.

    Raises:
        ObjectNotFound: there is none.
    """
    yield limit_operations.delete_concurrency_limit(name)


def create_concurrency_limit(tag: str, concurrency_limit: int) -> Asking[UUID]:
    """Let so many runs of tasks with a tag be under way at once; the limit's id.

    If the tag has a limit, that one gets so many slots.
    """
    yield from upsert_global_concurrency_limit_by_name(tag, concurrency_limit)
    found = yield limit_operations.concurrency_limit(tag)
    return UUID(found_or_not(found, f"concurrency limit {tag!r}")["id"])


def read_concurrency_limit_by_tag(tag: str) -> Asking[ConcurrencyLimit]:
    """The limit of a tag.

    Raises:
        ObjectNotFound: it has none.
    """
    found = yield limit_operations.holders_of_limit(tag)
    return answers.limit_of_tag(found_or_not(found, f"concurrency limit {tag!r}"))


def read_concurrency_limits(limit: int, offset: int) -> Asking[list[ConcurrencyLimit]]:
    """Limits by name: `limit` of them at most, after the first `offset`."""
    rows = yield from everything(limit_operations.holders_of_limits)
    return [answers.limit_of_tag(row) for row in cut(rows, limit, offset)]


def reset_concurrency_limit_by_tag(
    tag: str, slot_override: Sequence[UUID | str] | None = None
) -> Asking[None]:
    """Free the slots of a tag's limit, whoever holds them.

    Args:
        tag: the tag.
        slot_override: has no effect; programs written for Prefect may give it.

    Raises:
        ObjectNotFound: the tag has no limit.
    """
    yield limit_operations.reset_concurrency_limit(tag)


def delete_concurrency_limit_by_tag(tag: str) -> Asking[None]:
    """Delete the limit of a tag.

    Raises:
        ObjectNotFound: it has none.
    """
    yield limit_operations.delete_concurrency_limit(tag)
