"""Concurrency limits, as programs that look after them ask for them."""

from __future__ import annotations

from uuid import UUID

from headrace.client import tending
from headrace.client.orchestration.asking import Asking, cut, everything, found_or_not
from headrace.client.schemas import answers
from headrace.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from headrace.client.schemas.objects import GlobalConcurrencyLimit


def create_global_concurrency_limit(
    concurrency_limit: GlobalConcurrencyLimitCreate,
) -> Asking[UUID]:
    """Make a concurrency limit; its id.

    Raises:
        ObjectAlreadyExists: there is one of that name.
    """
    new = concurrency_limit
    found = yield tending.create_concurrency_limit(
        new.name, new.limit, new.active, new.slot_decay_per_second
    )
    return UUID(found["id"])


def read_global_concurrency_limit_by_name(name: str) -> Asking[GlobalConcurrencyLimit]:
    """A concurrency limit by its name.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield tending.concurrency_limit(name)
    return answers.concurrency_limit(found_or_not(found, f"concurrency limit {name!r}"))


def read_global_concurrency_limits(
    limit: int | None = None, offset: int | None = None
) -> Asking[list[GlobalConcurrencyLimit]]:
    """Concurrency limits, by name."""
    rows = yield from everything(tending.concurrency_limits)
    return cut([answers.concurrency_limit(row) for row in rows], limit, offset or 0)


def update_global_concurrency_limit(
    name: str, concurrency_limit: GlobalConcurrencyLimitUpdate
) -> Asking[None]:
    """Change a concurrency limit; what is not set stays.

    Raises:
        ObjectNotFound: there is none.
    """
    new = concurrency_limit
    yield tending.update_concurrency_limit(name, new.limit, new.active, new.slot_decay_per_second)


def upsert_global_concurrency_limit_by_name(name: str, limit: int) -> Asking[None]:
    """Give a concurrency limit so many slots, and make it if there is none."""
    found = yield tending.concurrency_limit(name)
    if found is None:
        yield tending.create_concurrency_limit(name, limit, None, None)
    elif found["limit"] != limit:
        yield tending.update_concurrency_limit(name, limit, None, None)


def delete_global_concurrency_limit_by_name(name: str) -> Asking[None]:
    """Delete a concurrency limit.

    Raises:
        ObjectNotFound: there is none.
    """
    yield tending.delete_concurrency_limit(name)
