"""Deployments and their schedules, page by page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import peewee

from headrace_service.ledger.deployment_schedules import (
    SCHEDULE_COLUMNS,
    ScheduleRow,
    schedule_row,
)
from headrace_service.ledger.deployments import DeploymentRow, deployment_rows
from headrace_service.ledger.models import Deployment, Flow, Schedule, WorkPool, WorkQueue
from headrace_service.ledger.queries.events import latest_event
from headrace_service.ledger.queries.names import NameOrder, in_order_of_names
from headrace_service.ledger.queries.narrowing import tag_conditions
from headrace_service.ledger.queries.paging import Page, Slice, cut, keyset


class DeploymentWhere(msgspec.Struct, frozen=True):
    """Which deployments are wanted; what is None does not matter."""

    flow_names: frozenset[str] | None = None
    names: frozenset[str] | None = None
    name_contains: str | None = None
    tags: frozenset[str] = frozenset()
    any_tags: frozenset[str] | None = None
    untagged: bool | None = None
    paused: bool | None = None
    work_pool_names: frozenset[str] | None = None


class ScheduleWhere(msgspec.Struct, frozen=True):
    """Which schedules are wanted; what is None does not matter."""

    deployment_ids: frozenset[UUID] | None = None
    active: bool | None = None


ANY_DEPLOYMENT, ANY_SCHEDULE = DeploymentWhere(), ScheduleWhere()


def page_of_deployments(
    db: peewee.Database,
    page: Page,
    where: DeploymentWhere = ANY_DEPLOYMENT,
    order: NameOrder = NameOrder.NAME_ASC,
) -> Slice[DeploymentRow]:
    """A page of the deployments; the order of names is that of the flows', then of their own."""
    names = (Flow.name, Deployment.name)
    query = in_order_of_names(
        deployment_rows().where(True, *_conditions(where)), names, Deployment.id, order, page
    )
    rows = [DeploymentRow(*row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))


def _conditions(where: DeploymentWhere) -> list[Any]:
    found = tag_conditions(Deployment.tags, where.tags, where.any_tags, where.untagged)
    if where.flow_names is not None:
        found.append(Flow.name.in_(sorted(where.flow_names)))
    if where.names is not None:
        found.append(Deployment.name.in_(sorted(where.names)))
    if where.name_contains:
        found.append(Deployment.name.contains(where.name_contains))
    if where.paused is not None:
        found.append(Deployment.paused == where.paused)
    if where.work_pool_names is not None:
        queues: Any = WorkQueue.select(WorkQueue.id).join(
            WorkPool, on=(WorkPool.id == WorkQueue.work_pool_id)
        )
        queues = queues.where(WorkPool.name.in_(sorted(where.work_pool_names)))
        found.append(Deployment.work_queue_id.in_(queues))
    return found


def page_of_schedules(
    db: peewee.Database, page: Page, where: ScheduleWhere = ANY_SCHEDULE
) -> Slice[ScheduleRow]:
    """A page of the schedules of all deployments, newest first."""
    query: Any = Schedule.select(*SCHEDULE_COLUMNS)
    if where.deployment_ids is not None:
        query = query.where(Schedule.deployment_id.in_(list(where.deployment_ids)))
    if where.active is not None:
        query = query.where(Schedule.active == where.active)
    query = keyset(query, Schedule.id, page, newest_first=True)
    rows = [schedule_row(row) for row in query.tuples().execute(db)]
    return cut(rows, page, latest_event(db))
