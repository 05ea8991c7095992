"""DataLoaders: what many rows of one answer need is read with one statement.

A loader lives as long as one operation, or one message of a subscription, so that it never answers
with what was true some time ago.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader as StrawberryDataLoader

from headrace_service.ledger import (
    Ledger,
    blocks,
    deployment_schedules,
    deployments,
    work_pools,
)
from headrace_service.ledger.block_data import data_of_blocks
from headrace_service.ledger.blocks import BlockRow
from headrace_service.ledger.errors import Refused
from headrace_service.ledger.queries import (
    blocked,
    concurrency,
    counts,
    events,
    flow_runs,
    flows,
    logs,
    task_runs,
)
from headrace_service.ledger.queries.concurrency import LimitRow
from headrace_service.ledger.queries.paging import Page, Slice

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Row = TypeVar("Row")
Where = TypeVar("Where", bound=Hashable)

#: A page of one parent's rows: the parent's id, the page, and which rows are wanted.
PageKey = tuple[UUID, Page, Where]
#: A block, and whether its secrets are shown as they are.
BlockKey = tuple[BlockRow, bool]


class DataLoader(StrawberryDataLoader[K, T]):
    """A loader whose answers outlast whoever asked first.

    Where one field has failed, those beside it are cancelled, and so would be the answer that they
    wait for, with which others go on.
    """

    def load(self, key: K) -> Awaitable[T]:
        """What belongs to a key."""
        return asyncio.shield(super().load(key))


class Loaders:
    """One loader for each kind of thing that rows lead to."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.flow = self._each(flows.flows_by_id)
        self.flow_run = self._each(flow_runs.flow_runs_by_id)
        self.task_run = self._each(task_runs.task_runs_by_id)
        self.deployment = self._each(deployments.deployments_by_id)
        self.schedules = self._each(deployment_schedules.schedules_of)
        self.queues = self._each(work_pools.queues_of_each)
        self.workers = self._each(work_pools.workers_of_each)
        self.pool_name = self._each(work_pools.pool_names)
        self.queue_names = DataLoader(load_fn=self._queue_names)
        self.slots_taken: DataLoader[LimitRow, float] = self._each(concurrency.slots_taken)
        self.holders = self._each(concurrency.holders)
        self.waiters = self._each(concurrency.waiters)
        self.block_type = self._each(blocks.block_types_by_slug)
        self.block_data: DataLoader[BlockKey, dict[str, Any]] = self._each(self._block_data)
        self.blocked_by = self._each(blocked.blocked_by)
        self.task_run_blocked_by = self._each(blocked.task_runs_blocked_by)
        self.history = self._each(events.histories)
        self.task_summary = self._each(counts.task_summaries)
        self.kept_results = self._each(events.kept_results)
        self.runs_of_flow = self._paged(flow_runs.runs_of_flows)
        self.subflow_runs = self._paged(flow_runs.subflow_runs)
        self.task_runs = self._paged(task_runs.task_runs_of)
        self.flow_run_logs = self._paged(logs.logs_of_flow_runs)
        self.task_run_logs = self._paged(logs.logs_of_task_runs)

    @staticmethod
    def _block_data(db: Any, keys: Sequence[BlockKey]) -> list[Any]:
        """The fields of blocks, or why they cannot be had: an error is raised for its key alone."""
        found: dict[BlockKey, dict[str, Any] | Refused] = {}
        for with_secrets in {shown for _, shown in keys}:
            rows = [row for row, shown in keys if shown is with_secrets]
            read = data_of_blocks(db, rows, with_secrets)
            found |= {(row, with_secrets): data for row, data in zip(rows, read, strict=True)}
        return [found[key] for key in keys]

    async def _queue_names(self, keys: list[UUID | None]) -> list[tuple[str, str] | None]:
        return await self._ledger.aread(work_pools.queue_names, keys)

    def _each(self, query: Callable[[Any, Sequence[K]], list[T]]) -> DataLoader[K, T]:
        async def load(keys: list[K]) -> list[T]:
            return await self._ledger.aread(query, keys)

        return DataLoader(load_fn=load)

    def _paged(
        self, query: Callable[[Any, Sequence[UUID], Page, Where], list[Slice[Row]]]
    ) -> DataLoader[PageKey[Where], Slice[Row]]:
        async def load(keys: list[PageKey[Where]]) -> list[Slice[Row]]:
            # As many groups as the operation has fields with different arguments.
            groups: dict[tuple[Page, Where], list[UUID]] = {}
            for parent, page, where in keys:
                groups.setdefault((page, where), []).append(parent)
            found: dict[PageKey[Where], Slice[Row]] = {}
            for (page, where), parents in groups.items():
                slices = await self._ledger.aread(query, parents, page, where)
                for parent, rows in zip(parents, slices, strict=True):
                    found[parent, page, where] = rows
            return [found[key] for key in keys]

        return DataLoader(load_fn=load)
