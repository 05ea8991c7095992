"""Work pools, their queues and workers, as programs that look after them ask for them."""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID

from headrace.client import work
from headrace.client.orchestration.asking import Asking, cut, deleting, everything, found_or_not
from headrace.client.schemas import answers
from headrace.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from headrace.client.schemas.filters import WorkPoolFilter
from headrace.client.schemas.objects import Worker, WorkPool, WorkQueue
from headrace.exceptions import ObjectAlreadyExists, ServiceError


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


def read_work_pools(
    limit: int | None = None, offset: int = 0, work_pool_filter: WorkPoolFilter | None = None
) -> Asking[list[WorkPool]]:
    """Work pools that fit, by name: `limit` of them at most, after the first `offset`."""
    rows = yield from everything(lambda after: work.work_pools(after=after))
    pools = [answers.work_pool(row) for row in rows]
    wanted = work_pool_filter
    return cut([one for one in pools if wanted is None or _fits(wanted, one)], limit, offset)


def update_work_pool(work_pool_name: str, work_pool: WorkPoolUpdate) -> Asking[None]:
    """Change a work pool; what is not set stays.

    Raises:
        ObjectNotFound: there is none.
    """
    new = work_pool
    yield work.update_work_pool(
        work_pool_name,
        description=new.description,
        concurrency_limit=new.concurrency_limit,
        paused=new.is_paused,
    )


def delete_work_pool(work_pool_name: str) -> Asking[None]:
    """Delete a work pool.

    Raises:
        ObjectNotFound: there is none.
        HeadraceHTTPStatusError: deployments belong to it, or it has runs that have not ended;
            status 409.
    """
    yield from deleting(work.delete_work_pool(work_pool_name))


def read_workers_for_work_pool(
    work_pool_name: str,
    worker_filter: object = None,
    offset: int | None = None,
    limit: int | None = None,
) -> Asking[list[Worker]]:
    """A pool's workers, the newest first.

    Args:
        work_pool_name: the pool.
        worker_filter: has no effect; programs written for Prefect may give it.
        offset: how many to leave out first.
        limit: how many at most; 200 unless given.

    Raises:
        ObjectNotFound: there is no such pool.
    """
    found_or_not((yield work.work_pool(work_pool_name)), f"work pool {work_pool_name!r}")
    rows = yield from everything(lambda after: work.workers(pool=work_pool_name, after=after))
    return cut([answers.worker(row) for row in rows], limit, offset or 0)


# -- queues ----------------------------------------------------------------------------------------


def create_work_queue(
    name: str,
    description: str | None = None,
    is_paused: bool | None = None,
    concurrency_limit: int | None = None,
    priority: int | None = None,
    work_pool_name: str | None = None,
) -> Asking[WorkQueue]:
    """Make a queue of a work pool.

    Args:
        name: its name.
        description: has no effect; programs written for Prefect may give it.
        is_paused: whether its runs are to wait.
        concurrency_limit: how many of its runs may be under way at once.
        priority: lower numbers are served first; behind all others unless given.
        work_pool_name: the pool.

    Raises:
        ObjectAlreadyExists: the pool has one of that name.
        ObjectNotFound: there is no such pool.
        ValueError: no pool is named.
    """
    pool = _named(work_pool_name)
    queues = yield from read_work_queues(pool)
    if any(queue.name == name for queue in queues):
        error = ServiceError(f"work pool {pool!r} has a queue {name!r} already", "Conflict")
        raise ObjectAlreadyExists(error)
    yield work.apply_work_queue(
        pool, name, priority=priority, paused=is_paused, concurrency_limit=concurrency_limit
    )
    return (yield from read_work_queue_by_name(name, pool))


def read_work_queue(id: UUID | str) -> Asking[WorkQueue]:
    """A queue by its id.

    Raises:
        ObjectNotFound: there is none.
    """
    rows = yield from everything(lambda after: work.work_pools(after=after))
    queues = [answers.work_queue(one, row["name"]) for row in rows for one in row["queues"]]
    found = next((queue for queue in queues if str(queue.id) == str(id)), None)
    return found_or_not(found, f"work queue {id}")


def read_work_queue_by_name(name: str, work_pool_name: str | None = None) -> Asking[WorkQueue]:
    """A queue of a work pool by its name.

    Raises:
        ObjectNotFound: there is none.
        ValueError: no pool is named.
    """
    queues = yield from read_work_queues(_named(work_pool_name))
    found = next((queue for queue in queues if queue.name == name), None)
    return found_or_not(found, f"work queue {name!r} of work pool {work_pool_name!r}")


def read_work_queues(
    work_pool_name: str | None = None,
    work_queue_filter: object = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Asking[list[WorkQueue]]:
    """A pool's queues, those served first first; or those of all pools.

    Args:
        work_pool_name: the pool.
        work_queue_filter: has no effect; programs written for Prefect may give it.
        limit: how many at most; 200 unless given.
        offset: how many to leave out first.

    Raises:
        ObjectNotFound: there is no such pool.
    """
    if work_pool_name is None:
        rows = yield from everything(lambda after: work.work_pools(after=after))
    else:
        found = yield work.work_pool(work_pool_name)
        rows = [found_or_not(found, f"work pool {work_pool_name!r}")]
    queues = [answers.work_queue(one, row["name"]) for row in rows for one in row["queues"]]
    return cut(queues, limit, offset or 0)


def match_work_queues(
    prefixes: list[str], work_pool_name: str | None = None
) -> Asking[list[WorkQueue]]:
    """The queues whose names begin with one of `prefixes`, of a work pool or of all.

    Raises:
        ObjectNotFound: there is no such pool.
    """
    queues = yield from read_work_queues(work_pool_name, limit=sys.maxsize)
    return [queue for queue in queues if queue.name.startswith(tuple(prefixes))]


def update_work_queue(id: UUID | str, **changes: Any) -> Asking[None]:
    """Change a queue's `priority` or `concurrency_limit`, or whether it `is_paused`.

    Raises:
        ObjectNotFound: there is none.
        TypeError: something else is to be changed.
    """
    unknown = changes.keys() - {"priority", "is_paused", "concurrency_limit"}
    if unknown:
        raise TypeError(f"a work queue has no {', '.join(sorted(unknown))} that can be changed")
    queue = yield from read_work_queue(id)
    yield work.apply_work_queue(
        queue.work_pool_name or "",
        queue.name,
        priority=changes.get("priority"),
        paused=changes.get("is_paused"),
        concurrency_limit=changes.get("concurrency_limit"),
    )


def _fits(wanted: WorkPoolFilter, pool: WorkPool) -> bool:
    """Whether a pool fits a filter."""
    conditions = ((wanted.id, pool.id), (wanted.name, pool.name), (wanted.type, pool.type))
    return all(
        condition is None or condition.any_ is None or value in condition.any_
        for condition, value in conditions
    )


def _named(work_pool_name: str | None) -> str:
    if work_pool_name is None:
        raise ValueError("a work queue belongs to a work pool: name it by 'work_pool_name'")
    return work_pool_name
