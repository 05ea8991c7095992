"""Work pools, as programs that look after them ask for them."""

from __future__ import annotations

from headrace.client import work
from headrace.client.orchestration.asking import Asking, cut, everything, found_or_not
from headrace.client.schemas import answers
from headrace.client.schemas.actions import WorkPoolCreate
from headrace.client.schemas.objects import WorkPool


def create_work_pool(work_pool: WorkPoolCreate) -> Asking[WorkPool]:
    """Make a work pool.

    Raises:
        ObjectAlreadyExists: there is one of that name.
    """
    new = work_pool
    found = yield work.create_work_pool(
        new.name,
        new.type,
        description=new.description,
        concurrency_limit=new.concurrency_limit,
        paused=new.is_paused,
    )
    return answers.work_pool(found)


def read_work_pool(work_pool_name: str) -> Asking[WorkPool]:
    """A work pool by its name.

    Raises:
        ObjectNotFound: there is none.
    """
    found = yield work.work_pool(work_pool_name)
    return answers.work_pool(found_or_not(found, f"work pool {work_pool_name!r}"))


def read_work_pools(limit: int | None = None, offset: int = 0) -> Asking[list[WorkPool]]:
    """Work pools, by name."""
    rows = yield from everything(lambda after: work.work_pools(after=after))
    return cut([answers.work_pool(row) for row in rows], limit, offset)


def delete_work_pool(work_pool_name: str) -> Asking[None]:
    """Delete a work pool.

    Raises:
        ObjectNotFound: there is none.
    """
    yield work.delete_work_pool(work_pool_name)
